import Automation
import FleetModel
import HTTP
import Logging
import Loop
import Redis
import Wire

/// Brings back what people do about alerts in the services that called them, and takes there what is done here: reads
/// who has acknowledged and resolved PagerDuty's incidents, and keeps Alertmanager's silences in step with
/// acknowledgements.
///
/// ```text
///  what stands on a channel ─▶ its alerts, as Redis has them ─▶ the service is asked ─┬─▶ ordinary commands here
///                                                                                     └─▶ silences there
/// ```
/// One round a channel at a time, one request after another; nothing is kept of it, so that any handler goes on. A class,
/// because the timer and the answers share it.
final class AlertsBack {
  /// What a service was told of, and the alerts that it is about.
  struct Standing: Equatable {
    var key: String
    var alerts: [ToldAlert.Subject]
    /// Those of which the service has not heard how they are by now: nobody there can have ended that.
    var unseen: Set<ToldAlert.Subject> = []
  }

  let session: LeaseSession
  private let client: any HTTPSender
  /// What stands on a channel; nil if that is not known yet.
  private let standing: (String) -> [Standing]?
  /// Queues in trouble.
  private let queues: () -> [QueueStanding]
  private var calls: [String: HTTPCall] = [:]
  private var rounds: [String: BackRound] = [:]
  /// When a channel's next round is due.
  private var due: [String: Instant] = [:]
  private var timer: Loop.TimerID?
  /// What was said last of each channel: each is said once.
  private var said: [String: String] = [:]

  /// What was ordered of late, and what was said of what could not be: what stands in a service is read again and again.
  private var ordered: [CommandID] = []
  private var unheard: [PagerDutyRound.Unheard] = []

  private static let span = TimeSpan.seconds(30)
  private static let mostRemembered = 1000
  /// After a service has refused who asks, and after an answer that is none.
  private static let refusedSpan = TimeSpan.minutes(5)
  /// How soon what was acknowledged here is looked at.
  private static let soon = TimeSpan.seconds(1)

  init(
    session: LeaseSession, client: any HTTPSender, standing: @escaping (String) -> [Standing]?,
    queues: @escaping () -> [QueueStanding]
  ) {
    (self.session, self.client, self.standing, self.queues) = (session, client, standing, queues)
  }

  private var channels: [String: Channel] { session.options.notify.channels.filter { $0.value.readsBack } }

  func start() { arm() }

  func stop() {
    session.loop.cancel(timer)
    for call in calls.values { call.cancel() }
    (calls, rounds) = ([:], [:])
  }

  /// Something about an alert has changed: silences may have to.
  func alertChanged() {
    guard !channels.isEmpty else { return }
    for (name, channel) in channels where channel.kind == .alertmanager {
      due[name] = min(due[name] ?? session.now, session.now + Self.soon)
    }
    arm()
  }

  func optionsChanged() {
    due = due.filter { channels[$0.key] != nil }
    said = [:]
    arm()
  }

  // MARK: Turns

  /// Looks what is due by the clock as it is now, and waits for what is next.
  func look() { arm() }

  private func arm() {
    session.loop.cancel(timer)
    timer = nil
    let names = channels.keys.filter { rounds[$0] == nil }
    guard !names.isEmpty, !session.isFinishing, !session.isOver else { return }
    let next = names.map { due[$0] ?? session.now }.min() ?? session.now
    let span = min(max(50, (next - session.now).milliseconds), Self.span.milliseconds)
    timer = session.later(inMilliseconds: span) { [weak self] in self?.turn() }
  }

  private func turn() {
    guard !session.isFinishing else { return }
    for (name, channel) in channels where rounds[name] == nil && due[name] ?? session.now <= session.now {
      begin(name, channel)
    }
    arm()
  }

  private func begin(_ name: String, _ channel: Channel) {
    guard let standing = standing(name) else { return }
    due[name] = session.now + Self.span
    let subjects = Set(standing.flatMap(\.alerts))
    guard !subjects.isEmpty else { return go(name, BackRound(name, channel, at: session.now)) }
    // Its place is taken until the answer.
    rounds[name] = BackRound(name, channel, at: session.now)
    readAlerts(subjects) { [weak self] alerts in
      guard let self else { return }
      guard let alerts else {
        // What is not known is not over.
        rounds[name] = nil
        return arm()
      }
      go(name, BackRound(name, channel, standing: standing, alerts: alerts, at: session.now))
    }
  }

  /// Reads alerts as they stand; what is open no longer is left out. Nil if Redis refuses.
  private func readAlerts(
    _ subjects: Set<ToldAlert.Subject>, _ completion: @escaping ([ToldAlert.Subject: ToldAlert]?) -> Void
  ) {
    var (agents, waiting): ([AlertID], [QueueAlertID]) = ([], [])
    for subject in subjects {
      switch subject {
      case .agent(let id): agents.append(id)
      case .queue(let id): waiting.append(id)
      }
    }
    var requests: [Request] = []
    if !agents.isEmpty { requests.append(Request(["HMGET", session.keys.alerts] + agents.map(\.bytes))) }
    if !waiting.isEmpty { requests.append(Request("HGETALL", session.keys.queueHands)) }
    session.read(requests) { [weak self] replies in
      guard let self else { return }
      guard replies.allSatisfy({ $0.error == nil }) else { return completion(nil) }
      var alerts: [ToldAlert.Subject: ToldAlert] = [:]
      for (id, value) in zip(agents, agents.isEmpty ? [] : replies[0].elements ?? []) {
        guard let alert = value.bytes.flatMap({ AlertCoding.decode(id: id.bytes, payload: $0) }) else { continue }
        if !alert.isClosed { alerts[.agent(id)] = ToldAlert(alert) }
      }
      let hands = waiting.isEmpty ? [] : replies[replies.count - 1].pairs
      for id in waiting {
        guard var trouble = queues().first(where: { $0.alertID == id })?.trouble else { continue }
        // It may have changed since the queues were looked at.
        let hand = hands.first { $0.name == Array(id.text.utf8) }?.value
        trouble.hand = hand.flatMap { QueueCoding.decodeHand($0) }
        alerts[.queue(id)] = ToldAlert(id, trouble)
      }
      completion(alerts)
    }
  }

  private func go(_ name: String, _ round: BackRound) {
    rounds[name] = round
    guard let request = round.request(at: session.now) else { return over(name, round) }
    calls[name] = client.send(request) { [weak self] result in
      guard let self, !session.isOver, calls.removeValue(forKey: name) != nil, var round = rounds[name] else { return }
      guard let failure = round.take(result, redacted: session.log.redaction.apply(to: result), at: session.now) else {
        return go(name, round)
      }
      rounds[name] = nil
      due[name] = session.now + (failure.pause ?? Self.refusedSpan)
      session.counts.noteReading(isWell: false, on: name)
      say(name, failure.words)
      arm()
    }
  }

  private func over(_ name: String, _ round: BackRound) {
    rounds[name] = nil
    if round.hasAsked {
      session.counts.noteReading(isWell: true, on: name)
      if said.removeValue(forKey: name) != nil { session.log(.info, "a service is read again", ["channel": name]) }
    }
    order(round.commands)
    for act in round.unheard where !unheard.contains(act) { say(act, on: name) }
    arm()
  }

  private func say(_ act: PagerDutyRound.Unheard, on name: String) {
    unheard = Array((unheard + [act]).suffix(Self.mostRemembered))
    session.log(
      .warning, "an incident of a queue was resolved there; its alert stays open here until the queue is well",
      ["channel": name, "alert": act.alert.text, "incident": act.incident])
  }

  private func say(_ name: String, _ words: String) {
    guard said[name] != words else { return }
    said[name] = words
    session.log(.warning, "cannot read what people did there; trying again", ["channel": name, "reason": words])
  }

  /// Publishes ordinary commands: they are judged, audited and carried out as anybody's.
  private func order(_ commands: [Command]) {
    let commands = commands.filter { !ordered.contains($0.id) }
    guard !commands.isEmpty else { return }
    var transaction = Transaction()
    for command in commands {
      transaction.change("XADD", session.keys.commands, "*", Keys.dataField, CommandCoding.encode(command))
    }
    session.run(transaction) { [weak self] outcome in
      // What Redis refused is ordered again with the next round.
      guard let self, case .done = outcome else { return }
      ordered = Array((ordered + commands.map(\.id)).suffix(Self.mostRemembered))
    }
  }
}

extension AlertsBack: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    case .alert, .queueHands: alertChanged()
    case .alertsSaved, .record, .schedule, .automation, .unheard, .proposalEnded, .notices, .conversations,
      .maintenance:
      break
    }
  }
}
