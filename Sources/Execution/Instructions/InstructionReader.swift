import FleetModel
import Wire

/// Reads a command's arguments by the table of its action, each refusal with its reason.
package struct InstructionReader {
  private let action: Action
  private let arguments: [String: String]

  package static func read(_ command: Command) throws(Refusal) -> Instruction {
    let reader = InstructionReader(action: command.action, arguments: command.arguments)
    try reader.checkNames()
    try reader.checkTargets(command.targets)
    return try reader.instruction()
  }

  private init(action: Action, arguments: [String: String]) {
    self.action = action
    self.arguments = arguments.filter { !$0.value.isEmpty }
  }

  private func instruction() throws(Refusal) -> Instruction {
    switch action {
    case .pause: .pause(try span("for"))
    case .resume: .resume
    case .restart: .restart
    case .scale: .scale(try scale())
    case .rateLimit: .rateLimit(try count("per_minute") ?? 0, try span("for"))
    case .activateBackup: .activateBackup(try agent("backup"))
    case .deactivateBackup: .deactivateBackup(try agent("backup"))
    case .escalate: .escalate(to: arguments["to"] ?? "", try severity("severity"))
    case .blockIP: .block(try address("ip"), try span("for"))
    case .unblockIP: .unblock(try address("ip"))
    case .acknowledge: try acknowledge()
    case .unacknowledge: try unacknowledge()
    case .undo: .undo(CommandID(arguments["command_id"] ?? ""))
    case .silence: .silence(try alert("alert"), try span("for", missing: "1h"), note: arguments["note"] ?? "")
    case .unsilence: .unsilence(try alert("alert"))
    case .close: .close(try alert("alert"), note: arguments["note"] ?? "")
    case .rebalance: .rebalance(to: try agents("to"), share: try share("share"))
    case .transfer: try transfer()
    case .offerCoupon: .offerCoupon(conversations: arguments["conversation_ids"] ?? "", campaign: arguments["campaign"])
    case .tune: .tune(arguments["parameter"] ?? "", arguments["value"] ?? "")
    case .rollback: .rollback(to: try version("version"))
    case .schedule: .schedule(try word("job"), try time("at"))
    case .cancel: .cancel(try word("job"))
    case .automation: .automation(try word("mode"))
    case .approve: .approve(ProposalID(arguments["proposal"] ?? ""), digest: arguments["sha256"] ?? "")
    case .reject: .reject(ProposalID(arguments["proposal"] ?? ""), digest: arguments["sha256"] ?? "")
    case .notify: .notify(to: arguments["to"] ?? "", arguments["text"] ?? "")
    case .take: .take(try conversation())
    case .handBack: .handBack(try conversation(), note: note)
    case .closeConversation: .closeConversation(try conversation(), note: note)
    case .drain: .drain(try span("for"))
    case .planMaintenance: try maintenance()
    case .cancelMaintenance: .cancelMaintenance(window: arguments["window"])
    }
  }

  /// A misspelt argument would otherwise be passed over in silence.
  private func checkNames() throws(Refusal) {
    let known = action.parameters.map(\.name)
    for name in arguments.keys.sorted() where !known.contains(name) {
      let takes = known.isEmpty ? "none" : known.joined(separator: ", ")
      throw Refusal("\(action.rawValue) has no argument \"\(name.clipped(toBytes: 200))\"; it takes \(takes)")
    }
    for parameter in action.parameters where parameter.isRequired && arguments[parameter.name] == nil {
      throw Refusal("\(action.rawValue) needs the argument \"\(parameter.name)\"")
    }
  }

  private func checkTargets(_ targets: [AgentID]) throws(Refusal) {
    switch action.scope {
    case .agents where targets.isEmpty:
      throw Refusal("\(action.rawValue) names no target; list the agents in \"targets\"")
    case .agents, .fleetOrAgents:
      if targets.contains(.none) { throw Refusal("\"targets\" holds an empty id, which is no agent") }
    case .object, .fleet: break
    }
  }

  private func acknowledge() throws(Refusal) -> Instruction {
    if let queue = try queueAlert("alert") {
      guard arguments["for"] == nil else {
        throw Refusal("a queue's alert is in hand until it ends: leave out \"for\"")
      }
      return .acknowledgeQueue(queue, note: arguments["note"] ?? "")
    }
    return .acknowledge(
      try alert("alert"), arguments["for"] == nil ? nil : try span("for"), note: arguments["note"] ?? "")
  }

  private func unacknowledge() throws(Refusal) -> Instruction {
    if let queue = try queueAlert("alert") { return .unacknowledgeQueue(queue) }
    return .unacknowledge(try alert("alert"))
  }

  private func transfer() throws(Refusal) -> Instruction {
    guard (arguments["to"] == nil) != (arguments["skill"] == nil) else {
      throw Refusal("transfer takes \"to\" or \"skill\", one of both")
    }
    return .transfer(
      conversation: arguments["conversation_id"] ?? "", to: try agent("to"),
      skill: arguments["skill"],
      notes: arguments.filter { ["context", "history"].contains($0.key) })
  }

  private func maintenance() throws(Refusal) -> Instruction {
    let drain = try span("for")
    guard MaintenanceWindow.drains.contains(drain) else {
      throw malformed(
        "for", "a span from \(MaintenanceWindow.drains.lowerBound) to \(MaintenanceWindow.drains.upperBound)")
    }
    return .planMaintenance(
      arguments["at"] == nil ? nil : try time("at"), for: drain, backup: try agent("backup"),
      window: arguments["window"])
  }

  private func conversation() throws(Refusal) -> WaitingConversation.ID {
    guard let id = WaitingConversation.ID(arguments["conversation_id"] ?? "") else {
      throw malformed(
        "conversation_id", "a conversation's id, of at most \(WaitingConversation.ID.mostBytes) bytes")
    }
    return id
  }

  /// What the person leaves for who goes on, as far as it is kept.
  private var note: String { (arguments["note"] ?? "").clipped(toBytes: TextBound.words) }

  private func scale() throws(Refusal) -> Instruction.Scale {
    var scale = Instruction.Scale(cpu: try decimal("cpu"), memory: try count("memory"))
    if let replicas = try count("replicas") { scale.replicas = .exactly(replicas) }
    if let by = try signedCount("by") {
      guard scale.replicas == nil else { throw Refusal("scale takes \"replicas\" or \"by\", not both") }
      scale.replicas = .by(by)
    }
    guard scale != Instruction.Scale() else { throw Refusal("scale needs one of replicas, by, cpu, memory") }
    return scale
  }

  // MARK: Kinds of arguments

  private func malformed(_ name: String, _ expected: String) -> Refusal {
    Refusal(
      "\(action.rawValue): \"\(name)\" is \"\((arguments[name] ?? "").clipped(toBytes: 200))\"; expected \(expected)")
  }

  private func agent(_ name: String) throws(Refusal) -> AgentID? {
    guard let text = arguments[name] else { return nil }
    guard let id = AgentID(outside: Array(text.utf8)) else {
      throw malformed(name, "an agent's id, of at most \(AgentID.mostBytes) bytes")
    }
    return id
  }

  /// Ids with commas between them, as they came: each is one.
  private func agents(_ name: String) throws(Refusal) -> String? {
    guard let text = arguments[name] else { return nil }
    let ids = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard ids.count <= Command.mostTargets else {
      throw Refusal("\(action.rawValue): \"\(name)\" names \(ids.count) agents; at most \(Command.mostTargets) may be")
    }
    for id in ids where id.isEmpty || AgentID(outside: Array(id)) == nil {
      let found = String(decoding: id, as: UTF8.self).clipped(toBytes: 200)
      throw Refusal(
        "\(action.rawValue): \"\(name)\" holds \"\(found)\", which is no agent's id: those have 1 to "
          + "\(AgentID.mostBytes) bytes, with commas between them")
    }
    return text
  }

  /// The argument, or the table's default if it is missing.
  private func span(_ name: String, missing: String = "") throws(Refusal) -> TimeSpan {
    let text = arguments[name] ?? action.parameters.first { $0.name == name }?.defaultText ?? missing
    guard let span = TimeSpan(text), span <= .days(365) else {
      throw malformed(name, "a duration up to 365d, as 90s, 15m, 1h or 2d")
    }
    return span
  }

  /// No number of anything is larger.
  package static let mostCount = 1_000_000_000

  private func count(_ name: String) throws(Refusal) -> Int? {
    guard let text = arguments[name] else { return nil }
    guard let value = Int(text), (0...Self.mostCount).contains(value) else {
      throw malformed(name, "a whole number from 0")
    }
    return value
  }

  private func signedCount(_ name: String) throws(Refusal) -> Int? {
    guard let text = arguments[name] else { return nil }
    guard let value = Int(text), value != 0, (-1_000_000...1_000_000).contains(value) else {
      throw malformed(name, "+n or -n")
    }
    return value
  }

  private func decimal(_ name: String) throws(Refusal) -> Double? {
    guard let text = arguments[name] else { return nil }
    guard let value = Double(text), value > 0, value <= 1_000_000 else { throw malformed(name, "a number above 0") }
    return value
  }

  private func share(_ name: String) throws(Refusal) -> Double? {
    guard let text = arguments[name] else { return nil }
    guard let value = Double(text), value > 0, value <= 1 else { throw malformed(name, "a share above 0, up to 1") }
    return value
  }

  /// One of the words of an enumeration.
  private func word<Word: WireWord & CaseIterable>(_ name: String) throws(Refusal) -> Word {
    guard let word = Word(word: arguments[name] ?? "") else {
      throw malformed(name, "one of " + Word.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return word
  }

  /// A span from now, or a moment; now if it is missing.
  private func time(_ name: String) throws(Refusal) -> Instruction.Time {
    guard let text = arguments[name] else { return .after(.zero) }
    if let span = TimeSpan(text), span <= .days(365) { return .after(span) }
    if let instant = ISO8601.parse(text) { return .at(instant) }
    throw malformed(name, "a span as 15m, or a moment as 2026-11-22T08:00:00Z")
  }

  /// The name of a version, as agents report theirs: a longer one is cut there, and nobody would know it again.
  private func version(_ name: String) throws(Refusal) -> String {
    let text = arguments[name] ?? ""
    guard text.utf8.count <= TextBound.word, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
    else { throw malformed(name, "a version such as 1.4.1, of at most \(TextBound.word) bytes on one line") }
    return text
  }

  private func severity(_ name: String) throws(Refusal) -> Severity {
    guard let severity = Severity(word: arguments[name] ?? "high") else {
      throw malformed(name, "low, medium, high or critical")
    }
    return severity
  }

  private func address(_ name: String) throws(Refusal) -> IPAddress {
    guard let address = IPAddress(arguments[name] ?? "") else { throw malformed(name, "an IPv4 or IPv6 address") }
    if address.isLocal, action == .blockIP {
      throw Refusal("\(address) is a loopback or unspecified address: blocking it would cut services from themselves")
    }
    return address
  }

  /// Nil if the argument names no queue's alert.
  private func queueAlert(_ name: String) throws(Refusal) -> QueueAlertID? {
    guard let text = arguments[name], text.hasPrefix(QueueTrouble.Kind.prefix) else { return nil }
    guard let id = QueueAlertID(text) else {
      throw malformed(name, "a queue's alert, as queue.nobody_reads/STREAM/GROUP")
    }
    return id
  }

  private func alert(_ name: String) throws(Refusal) -> AlertID {
    if (arguments[name] ?? "").hasPrefix(QueueTrouble.Kind.prefix) {
      throw Refusal("a queue's alert can be acknowledged; it ends by itself and has no silence")
    }
    guard let id = AlertID(bytes: Array((arguments[name] ?? "").utf8)) else {
      throw malformed(name, "an alert's id, as agent.high_traffic/agent-1")
    }
    return id
  }
}
