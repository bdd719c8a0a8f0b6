import Automation
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Looks at the streams that the settings name, one after the other and every few seconds, and publishes how their
/// consumer groups stand. What begins and ends there people are told in the same transaction, so that they are told once,
/// whoever leads.
///
/// ```text
///   stored ─▶ look at each stream ─▶ judge ─▶ report, notices, audit in one transaction ─▶ wait ─▶ look …
/// ```
/// Without a stream in the settings it does nothing. A class, because the loop's timer and the answers share it.
final class QueueWatch {
  private let session: LeaseSession
  private let script = Script(QueueLook.script)
  /// As it stands in Redis.
  private(set) var report: QueueReport?
  private var isStored = false
  private var isRunning = false
  private var timer: Loop.TimerID?
  /// What was said of a stream that cannot be looked at: each is said once.
  private var said: [String: String] = [:]

  /// So many fields of what is over are taken out a round.
  private static let mostEnded = 100
  /// A report of a handler that ended is forgotten.
  private static let stays = TimeSpan.days(1)

  init(session: LeaseSession) { self.session = session }

  /// Queues with an open alert; nil if what the handler before has published is not read yet.
  var troubled: [QueueStanding]? {
    guard isStored || session.options.queues.isEmpty else { return nil }
    return report?.queues.filter { $0.trouble != nil } ?? []
  }

  func start() {
    guard !isRunning, !session.options.queues.isEmpty || report != nil else { return }
    isRunning = true
    isStored ? look() : load()
  }

  private func wait() {
    timer = session.later(inMilliseconds: session.options.queueSpan.milliseconds) { [weak self] in
      guard let self else { return }
      (timer, isRunning) = (nil, false)
      start()
    }
  }

  /// Looks at once, unless it does already.
  private func lookNow() {
    guard timer != nil else { return }
    session.loop.cancel(timer)
    (timer, isRunning) = (nil, false)
    start()
  }

  /// Takes what the handler before has published: it is known since when nobody reads, and who was told.
  private func load() {
    session.connection.send(Request("GET", session.keys.queues)) { [weak self] result in
      guard let self, !session.isOver, case .success(let reply) = result else { return }
      if let error = reply.error {
        session.log(.error, "Redis refused to tell of queues; trying again", ["error": error.text])
        return wait()
      }
      isStored = true
      if let bytes = reply.bytes {
        report = QueueCoding.decode(bytes)
        if report == nil { session.passOver("what is stored of queues", session.keys.queues, bytes) }
      }
      look()
    }
  }

  private func look() {
    guard session.mayAct, !session.isFinishing else { return wait() }
    let settings = session.options.queues
    guard !settings.isEmpty || report?.troubled.isEmpty == false else { return forget() }
    look(settings, [])
  }

  /// One after the other: the answers about the lease come in their order among these.
  private func look(_ settings: [QueueSettings], _ found: [QueueLook.Finding]) {
    guard found.count < settings.count else { return readHands { [self] in judge(settings, found, $0, strays: $1) } }
    let look = QueueLook(settings: settings[found.count])
    script.run(on: session.connection, keys: [], arguments: look.arguments) { [weak self] result in
      guard let self, !session.isOver, case .success(let reply) = result else { return }
      let finding = look.finding(reply, at: session.now)
      say(look.settings.stream, finding.queues.first?.fault)
      self.look(settings, found + [finding])
    }
  }

  private func say(_ stream: String, _ fault: String?) {
    guard said[stream] != fault else { return }
    said[stream] = fault
    if let fault {
      session.log(.warning, "a queue cannot be looked at", ["stream": stream, "reason": fault])
    } else {
      session.log(.info, "a queue can be looked at again", ["stream": stream])
    }
  }

  // MARK: Writing

  /// Who has alerts in hand, as it was known if Redis does not tell; and the fields that name no hand.
  private func readHands(
    _ completion: @escaping (_ hands: [QueueAlertID: QueueTrouble.Hand], _ strays: [[UInt8]]) -> Void
  ) {
    session.read([Request("HGETALL", session.keys.queueHands)]) { [weak self] replies in
      guard let self else { return }
      var hands: [QueueAlertID: QueueTrouble.Hand] = [:]
      if replies[0].error != nil {
        for queue in report?.queues ?? [] { if let id = queue.alertID { hands[id] = queue.trouble?.hand } }
      }
      var strays: [[UInt8]] = []
      for (name, value) in replies[0].pairs {
        guard let id = QueueAlertID(String(decoding: name, as: UTF8.self)), let hand = QueueCoding.decodeHand(value)
        else {
          strays.append(name)
          continue
        }
        hands[id] = hand
      }
      completion(hands, strays)
    }
  }

  private func judge(
    _ settings: [QueueSettings], _ found: [QueueLook.Finding], _ hands: [QueueAlertID: QueueTrouble.Hand],
    strays: [[UInt8]]
  ) {
    let now = session.now
    var judge = QueueJudge(settings: settings, before: report, at: now)
    var next = judge.judge(found)
    var transaction = Transaction()
    let open = Set(next.queues.compactMap(\.alertID))
    for index in next.queues.indices {
      let hand = next.queues[index].alertID.flatMap { hands[$0] }
      next.queues[index].trouble?.hand = hand
    }
    // What is over is in nobody's hand, and what is no hand is of no use.
    let ended = hands.keys.filter { !open.contains($0) }.map { Array($0.text.utf8) } + strays
    for field in ended.prefix(Self.mostEnded) { transaction.change("HDEL", session.keys.queueHands, field) }
    for change in judge.changes {
      let notice = told(QueueNotice.notice(change, at: now))
      if notice.status == .firing || !notice.to.isEmpty {
        let told = session.notify(notice, groupingChatsAs: QueueNotice.group, in: &transaction)
        if case .began(let queue, _) = change { next.note(told, of: queue) }
      }
      transaction.add(
        QueueNotice.line(change, handler: session.options.id, source: session.keys.queues, at: now), session.keys)
      session.log(.warning, notice.title, ["queue": notice.text])
    }
    add(next, to: &transaction)
    let isNews = !judge.changes.isEmpty
    session.run(transaction) { [weak self] outcome in
      guard let self else { return }
      switch outcome {
      case .done:
        report = next
        if isNews { session.tell(.notices) }
      case .failed(let error): session.log(.error, "cannot write how queues stand", ["error": error.text])
      case .conflict, .fenced: break
      }
      wait()
    }
  }

  /// A channel that is no longer configured could only be given up.
  private func told(_ notice: Notice) -> Notice {
    var notice = notice
    notice.to = notice.to.filter { session.options.notify.names.contains($0) }
    return notice
  }

  private func add(_ report: QueueReport, to transaction: inout Transaction) {
    var report = report
    var encoded = QueueCoding.encode(report)
    // Readers take the most room, and are the least needed.
    if encoded.count > QueueCoding.mostBytes {
      for index in report.queues.indices { report.queues[index].readers = [] }
      encoded = QueueCoding.encode(report)
    }
    transaction.change("SET", session.keys.queues, encoded, "PX", Self.stays.milliseconds)
    transaction.change("HSET", session.keys.cursor, Keys.queuesRevision, report.at.milliseconds)
  }

  /// No stream is named any more, and nobody is left who was told of one.
  private func forget() {
    var transaction = Transaction()
    transaction.change("DEL", session.keys.queues)
    transaction.change("HDEL", session.keys.cursor, Keys.queuesRevision)
    session.run(transaction) { [weak self] outcome in
      guard let self else { return }
      if case .done = outcome { report = nil }
      wait()
    }
  }
}

extension QueueWatch: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    case .queueHands: lookNow()
    case .alert, .alertsSaved, .record, .schedule, .automation, .unheard, .proposalEnded, .notices, .conversations,
      .maintenance:
      break
    }
  }
}

extension QueueReport {
  /// Remembers by which channels people were told.
  fileprivate mutating func note(_ channels: [String], of queue: QueueStanding) {
    guard let index = queues.firstIndex(where: { $0.isSame(as: queue) }) else { return }
    queues[index].trouble?.told = channels
  }
}
