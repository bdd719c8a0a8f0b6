import FleetModel
import Redis
import Wire

/// What a test reads of the world, past all handlers.
extension SimulatedWorld {
  /// The `__data__` of every entry of a stream.
  package func entries(_ key: Bytes, after last: StreamID = .zero) -> [(id: StreamID, payload: Bytes)] {
    guard case .stream(let stream) = server.model[key] else { return [] }
    return stream.entries(after: last, count: nil).compactMap { entry in
      let at = entry.fields.firstIndex(of: Keys.dataField)
      return at.map { (entry.id, entry.fields[$0 + 1]) }
    }
  }

  /// Whether a handler has the lease.
  var hasLeader: Bool { server.model[keys.lease] != nil }

  /// How often each message of a channel stands in the stream of events.
  var recorded: [Bytes: Int] {
    guard case .stream(let stream) = server.model[keys.events] else { return [:] }
    let recorded = stream.entries.filter { $0.fields.first == "channel".bytes && $0.fields[1] != keys.recorderChannel }
    return recorded.reduce(into: [:]) { $0[$1.fields[3], default: 0] += 1 }
  }

  /// What the schedule holds.
  var scheduled: [String] {
    guard case .sortedSet(let set) = server.model[keys.schedule] else { return [] }
    // Proposals nobody answers wait for half an hour.
    return set.members.map(\.name.text).filter { !$0.contains("proposal_end") }
  }

  /// Entries that were put aside, since they were delivered again and again without an outcome.
  var putAside: Set<StreamID> {
    guard case .stream(let stream) = server.model[keys.dead] else { return [] }
    return Set(
      stream.entries.compactMap { entry in
        let at = entry.fields.firstIndex(of: "id".bytes)
        return at.flatMap { StreamID(entry.fields[$0 + 1]) }
      })
  }

  /// The keys of troubles whose end nobody could be told: a service refused to take it, and that was put aside.
  var untoldEnds: Set<String> {
    guard case .stream(let stream) = server.model[keys.dead] else { return [] }
    return Set(
      stream.entries.compactMap { entry in
        guard let at = entry.fields.firstIndex(of: Keys.dataField), entry.fields.contains(keys.notices),
          let notice = try? JSONValue.parse(entry.fields[at + 1])["notice"], notice["status"]?.text == "resolved"
        else { return nil }
        return notice["key"]?.text
      })
  }

  /// Marks that would stay for ever. Those of all rules together, a few keys for the whole fleet, may.
  var endlessMarks: [String] {
    server.model.names(from: keys.mark("")).filter {
      server.model.expiry(of: $0) == nil && !$0.starts(with: keys.mark("rules/"))
    }.map(\.text)
  }

  /// What a world leaves behind: each mark has an end, and what was put aside was handed to handlers often enough before.
  func judgeRemains() throws(Violation) {
    guard endlessMarks.isEmpty else { throw Violation("marks without an end: \(endlessMarks)") }
    for entry in putAside {
      let lives = livesThatHad(entry)
      guard lives.count >= 5 else { throw Violation("\(entry) was put aside, and only \(lives.sorted()) had it") }
    }
  }

  /// Whether all events have been read, and what they came to is written.
  var isFollowed: Bool {
    guard case .stream(let stream) = server.model[keys.events], case .hash(let table) = server.model[keys.cursor] else {
      return false
    }
    return table[keys.events].flatMap { StreamID($0) } == stream.lastID
  }

  /// Addresses that are blocked.
  var blocked: [String] {
    guard case .sortedSet(let set) = server.model[keys.blocked] else { return [] }
    return set.members.map(\.name.text)
  }

  /// How many notices wait to be told.
  var untold: Int {
    guard case .hash(let table) = server.model[keys.notices] else { return 0 }
    return table.count
  }

  func alert(_ id: AlertID) -> Bytes? {
    guard case .hash(let table) = server.model[keys.alerts] else { return nil }
    return table[id.bytes]
  }

  /// Entries of the streams of commands that nobody has acknowledged.
  var unacknowledged: [String] {
    server.model.names(from: keys.commands).flatMap { name -> [String] in
      guard case .stream(let stream) = server.model[name] else { return [] }
      let group = stream.groups.first { $0.name == Keys.group }
      let unread = stream.entries(after: group?.lastDelivered ?? .zero, count: nil)
      return (group?.pending.map(\.id) ?? []).map { "\($0)" } + unread.map { "\($0.id) unread" }
    }
  }

  package var audit: [AuditLine] { entries(keys.audit).compactMap { AuditCoding.decode($0.payload) } }

  package var control: [ControlMessage] { entries(keys.control).compactMap { ControlCoding.decode($0.payload) } }

  package func record(_ agent: AgentID) -> AgentRecord {
    guard case .hash(let table) = server.model[keys.agent(agent)] else { return AgentRecordCoding.decode(fields: []) }
    return AgentRecordCoding.decode(fields: table.fields.map { ($0, table[$0] ?? []) })
  }

  /// Sends a command, as a console does.
  ///
  /// - Returns: the entry; nil if the server is down.
  @discardableResult
  package func publish(_ command: Command, to stream: Bytes? = nil) -> StreamID? {
    add(CommandCoding.encode(command), to: stream ?? keys.commands) {
      "\(command.operator) sends \(command.id): \(command.action.rawValue) \(command.targets) \(command.arguments)"
    }
  }

  /// Publishes an event to the stream.
  func publish(event: String, of agent: AgentID, _ data: JSONValue) {
    let message: JSONValue = ["entity_id": .string(agent.bytes), "event_type": .string(event), "data": data]
    add(message.encoded, to: keys.events) { "\(agent) says \(event) \(data.encoded.text)" }
  }

  @discardableResult
  private func add(_ payload: Bytes, to stream: Bytes, _ words: () -> String) -> StreamID? {
    // A sender sends again until it is heard; here it is as if it had not sent before.
    guard isServerUp else { return nil }
    tell(words())
    writes += 1
    return server.run(["XADD".bytes, stream, "*".bytes, Keys.dataField, payload]).bytes.flatMap { StreamID($0) }
  }
}
