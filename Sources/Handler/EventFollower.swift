import FleetModel
import Loop
import Redis
import Wire

/// Follows the stream of events from the saved cursor, and writes what changes of alerts.
///
/// The cursor is saved in the same step as the changes that events up to it have caused. What is long is read by ranges
/// on two connections, as a console reads its history; then entries as they come.
final class EventFollower {
  private let term: Term
  private let endpoint: Endpoint
  private let judge: EventJudge
  private lazy var link = Link(loop: term.loop, endpoint: endpoint) { [weak self] in self?.changed($0) }
  private lazy var assembler = EntryAssembler(.read, streams: [term.keys.events]) { [judge] in judge.take($0) }
  private var backlog: Backlog?
  private var bite = Bite()
  private var saved: StreamID?
  private var isSaving = false
  private lazy var watchdog = Watchdog(loop: term.loop, limit: Self.silenceMilliseconds)

  private static let blockMilliseconds = 1000
  private static let silenceMilliseconds = 3 * Int64(blockMilliseconds)
  /// Reading anew right after a reply costs both sides a turn for every few entries.
  private static let restMilliseconds: Int64 = 5
  private static let saveMilliseconds: Int64 = 500

  init(term: Term, endpoint: Endpoint, notify: @escaping (EventJudge.Report) -> Void) {
    self.term = term
    self.endpoint = endpoint
    judge = EventJudge(term: term, notify: notify)
  }

  func start() {
    term.onAlert = { [weak judge] in judge?.fleet.setAlert($0) }
    term.knownBackup = { [weak judge] in judge?.backup(of: $0) }
    // The alerts as the handler before left them; then where it was.
    term.read([
      Request("HGETALL", term.keys.alerts), Request("HGET", term.keys.cursor, term.keys.events),
    ]) { [weak self] replies in
      guard let self else { return }
      judge.fleet.advance(to: term.now)
      for (id, value) in replies[0].pairs {
        if let record = AlertCoding.decode(id: id, payload: value) { judge.fleet.setAlert(record) }
      }
      _ = judge.fleet.takeAlertChanges()
      saved = replies[1].bytes.flatMap { StreamID($0) }
      let start = max(0, (term.now - term.options.firstLook).milliseconds)
      judge.position = saved ?? StreamID(milliseconds: UInt64(start))
      link.start()
      tick()
    }
  }

  func stop() {
    watchdog.rest()
    backlog?.stop()
    link.stop()
  }

  /// How far events have been read; nil before the first.
  var cursor: StreamID? { judge.position }

  // MARK: Reading

  private func changed(_ notice: Link.Notice) {
    watchdog.rest()
    backlog?.stop()
    backlog = nil
    switch notice {
    case .up(let connection): inspect(connection)
    case .down(.silent): bite.wasTooMuch()
    case .down: break
    }
  }

  private func inspect(_ connection: Connection) {
    connection.send(Request("XINFO", "STREAM", term.keys.events)) { [weak self, weak connection] result in
      guard let self, let connection, !term.isOver, case .success(let reply) = result else { return }
      guard let info = StreamInfo(reply) else { return read(connection) }
      // A server that lost writes, or another one, may stand before the cursor: reading past its end would be silent.
      if let position = judge.position, info.lastID < position, saved != nil {
        term.log(.warning, "the stream of events went back", ["from": "\(position)", "to": "\(info.lastID)"])
        judge.position = info.lastID
      }
      if !readBacklog(info) { read(connection) }
    }
  }

  /// Begins to read by ranges where there is much to read.
  private func readBacklog(_ info: StreamInfo) -> Bool {
    guard let position = judge.position, let stretch = Backlog.Stretch(after: position, of: info) else { return false }
    let backlog = Backlog(stretch, of: term.keys.events) { [judge] in
      judge.take($0)
    } finish: { [weak self] in
      guard let self, !term.isOver else { return }
      self.backlog = nil
      save(unlessOnlyRead: false)
      // Whatever it left is read one after the other, where an error is dealt with.
      if let connection = link.connection { read(connection) }
    }
    self.backlog = backlog
    backlog.start(term.loop, endpoint)
    return true
  }

  private func read(_ connection: Connection) {
    guard let position = judge.position, !term.isOver else { return }
    let request = Request(
      "XREAD", "COUNT", bite.count, "BLOCK", Self.blockMilliseconds, "STREAMS", term.keys.events, position)
    watchdog.expect(on: connection)
    connection.send(request, expecting: .entries(assembler)) { [weak self, weak connection] result in
      self?.watchdog.rest()
      guard let self, let connection, !term.isOver, case .success(let reply) = result else { return }
      if let error = reply.error { term.log(.error, "cannot read events", ["error": error.text]) }
      let isMoreLikely = bite.took(assembler.count, bytes: assembler.bytes)
      save(unlessOnlyRead: true)
      if isMoreLikely { return read(connection) }
      let rest = reply.error == nil ? Self.restMilliseconds : 1000
      term.later(inMilliseconds: rest) { [weak self, weak connection] in
        if let connection { self?.read(connection) }
      }
    }
  }

  // MARK: Saving

  private func tick() {
    if let silence = backlog?.silence(at: .now), silence > Self.silenceMilliseconds {
      link.restart(.silent(milliseconds: silence))
    }
    judge.fleet.advance(to: term.now)
    save(unlessOnlyRead: false)
    term.later(inMilliseconds: Self.saveMilliseconds) { [weak self] in self?.tick() }
  }

  /// Writes what has changed of alerts, with the cursor; the cursor alone only now and then.
  private func save(unlessOnlyRead: Bool) {
    // A step of a command that changes an alert goes first: what it writes is not known here yet.
    guard !isSaving, term.alertSteps == 0 else { return }
    let changes = judge.fleet.takeAlertChanges()
    let reached = judge.position
    guard !changes.isEmpty || (!unlessOnlyRead && reached != saved) else { return }
    var step = Step()
    for id in changes { write(id, to: &step) }
    if let reached { step.change("HSET", term.keys.cursor, term.keys.events, reached) }
    isSaving = true
    term.run(step) { [weak self] outcome in
      guard let self else { return }
      isSaving = false
      switch outcome {
      case .done, .refused: saved = reached
      case .over: break
      case .failed(let error):
        term.log(.error, "cannot save alerts", ["error": error.text])
        // They are written again with the next change of each; those still open now.
        for id in changes { if let alert = judge.open(id) { judge.fleet.setAlert(alert) } }
      }
    }
  }

  private func write(_ id: AlertID, to step: inout Step) {
    if let alert = judge.open(id) {
      step.change("HSET", term.keys.alerts, id.bytes, AlertCoding.encode(alert))
    } else {
      step.change("HDEL", term.keys.alerts, id.bytes)
    }
  }
}
