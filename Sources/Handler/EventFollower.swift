import FleetModel
import Loop
import Redis
import Wire

/// Follows the stream of events from the saved cursor: keeps the fleet, writes what changes of alerts, and tells what
/// runtimes report of commands.
///
/// The cursor is saved in the same step as the changes that events up to it have caused.
final class EventFollower {
  /// A runtime's `agent.status` that names a command.
  struct Report: Equatable {
    var agent: AgentID
    var command: CommandID
    var state: AgentState?
    var at: Instant
  }

  private let term: Term
  private let endpoint: Endpoint
  private let notify: (Report) -> Void
  private let decoder = EventDecoder()
  private var fleet = Fleet(seed: .random(in: .min ... .max), tracksAlertChanges: true)
  private lazy var link = Link(loop: term.loop, endpoint: endpoint) { [weak self] in self?.changed($0) }
  private lazy var assembler = EntryAssembler(.read, streams: [term.keys.events]) { [weak self] in self?.receive($0) }
  /// The last entry that was read; nil until the cursor has been.
  private var position: StreamID?
  private var saved: StreamID?
  private var isSaving = false
  private lazy var watchdog = Watchdog(loop: term.loop, limit: 3 * Int64(Self.blockMilliseconds))

  private static let pageCount = 1000
  private static let blockMilliseconds = 1000
  /// Reading anew right after a reply costs both sides a turn for every few entries.
  private static let restMilliseconds: Int64 = 5
  private static let saveMilliseconds: Int64 = 500

  init(term: Term, endpoint: Endpoint, notify: @escaping (Report) -> Void) {
    self.term = term
    self.endpoint = endpoint
    self.notify = notify
  }

  func start() {
    term.onAlert = { [weak self] in self?.fleet.setAlert($0) }
    term.knownBackup = { [weak self] in self?.backup(of: $0) }
    // The alerts as the handler before left them; then where it was.
    term.read([
      Request("HGETALL", term.keys.alerts), Request("HGET", term.keys.cursor, term.keys.events),
    ]) { [weak self] replies in
      guard let self else { return }
      fleet.advance(to: term.now)
      for (id, value) in replies[0].pairs {
        if let record = AlertCoding.decode(id: id, payload: value) { fleet.setAlert(record) }
      }
      _ = fleet.takeAlertChanges()
      saved = replies[1].bytes.flatMap { StreamID($0) }
      let start = max(0, (term.now - term.options.firstLook).milliseconds)
      position = saved ?? StreamID(milliseconds: UInt64(start))
      link.start()
      tick()
    }
  }

  func stop() {
    watchdog.rest()
    link.stop()
  }

  /// How far events have been read; nil before the first.
  var cursor: StreamID? { position }

  private func backup(of id: AgentID) -> AgentID? {
    fleet.agents.lazy.compactMap(\.self).first { $0.deletedAt == nil && AgentID($0.backupFor) == id }?.id
  }

  // MARK: Reading

  private func changed(_ notice: Link.Notice) {
    watchdog.rest()
    guard case .up(let connection) = notice else { return }
    // A server that lost writes, or another one, may stand before the cursor: reading past its end would be silent.
    connection.send(Request("XINFO", "STREAM", term.keys.events)) { [weak self, weak connection] result in
      guard let self, let connection, !term.isOver, case .success(let reply) = result else { return }
      let last = reply.pairsOfReplies["last-generated-id"]?.bytes.flatMap { StreamID($0) }
      if let position, let last, last < position, saved != nil {
        term.log(.warning, "the stream of events went back", ["from": "\(position)", "to": "\(last)"])
        self.position = last
      }
      read(connection)
    }
  }

  private func read(_ connection: Connection) {
    guard let position, !term.isOver else { return }
    let request = Request(
      "XREAD", "COUNT", Self.pageCount, "BLOCK", Self.blockMilliseconds, "STREAMS", term.keys.events, position)
    watchdog.expect(on: connection)
    connection.send(request, expecting: .entries(assembler)) { [weak self, weak connection] result in
      self?.watchdog.rest()
      guard let self, let connection, !term.isOver, case .success(let reply) = result else { return }
      if let error = reply.error { term.log(.error, "cannot read events", ["error": error.text]) }
      save(unlessOnlyRead: true)
      let rest = reply.error == nil ? Self.restMilliseconds : 1000
      // A full page means that more waits.
      if assembler.count == Self.pageCount { return read(connection) }
      term.later(inMilliseconds: rest) { [weak self, weak connection] in
        if let connection { self?.read(connection) }
      }
    }
  }

  private func receive(_ entry: Entry) {
    position = entry.id
    if entry.channel.elementsEqual(term.keys.recorderChannel) { return }
    do throws(Unreadable) {
      if let payload = entry.payload {
        apply(try decoder.decode(payload, channel: entry.channel, receivedAt: entry.id.instant))
      } else {
        apply(try decoder.decode(fields: entry.fields, receivedAt: entry.id.instant))
      }
    } catch {
      fleet.applyUnreadable(reason: error.description, at: entry.id.instant)
    }
  }

  private func apply(_ event: Event) {
    fleet.apply(event)
    guard event.kind == .status, let id = event.string(.commandID), !id.isEmpty,
      term.now - event.receivedAt <= term.options.actWithin
    else { return }
    notify(
      Report(
        agent: event.agentID, command: CommandID(id), state: event.string(.state).flatMap(AgentState.init(rawValue:)),
        at: event.receivedAt))
  }

  // MARK: Saving

  private func tick() {
    fleet.advance(to: term.now)
    save(unlessOnlyRead: false)
    term.later(inMilliseconds: Self.saveMilliseconds) { [weak self] in self?.tick() }
  }

  /// Writes what has changed of alerts, with the cursor; the cursor alone only now and then.
  private func save(unlessOnlyRead: Bool) {
    // A step of a command that changes an alert goes first: what it writes is not known here yet.
    guard !isSaving, term.alertSteps == 0 else { return }
    let changes = fleet.takeAlertChanges()
    guard !changes.isEmpty || (!unlessOnlyRead && position != saved) else { return }
    var step = Step()
    for id in changes { write(id, to: &step) }
    let reached = position
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
        for id in changes { if let alert = open(id) { fleet.setAlert(alert) } }
      }
    }
  }

  private func write(_ id: AlertID, to step: inout Step) {
    if let alert = open(id) {
      step.change("HSET", term.keys.alerts, id.bytes, AlertCoding.encode(alert))
    } else {
      step.change("HDEL", term.keys.alerts, id.bytes)
    }
  }

  private func open(_ id: AlertID) -> AlertRecord? {
    fleet.position(of: id.agent).flatMap { fleet.alert(id.kind, ofAgentAt: $0) }?.record
  }
}

extension Reply {
  /// A flat array of names and values of any sort, as XINFO gives.
  var pairsOfReplies: [String: Reply] {
    guard let elements else { return [:] }
    var pairs: [String: Reply] = [:]
    for index in stride(from: 0, to: elements.count - 1, by: 2) {
      if let name = elements[index].text { pairs[name] = elements[index + 1] }
    }
    return pairs
  }
}
