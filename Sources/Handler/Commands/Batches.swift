import Execution
import FleetModel
import Redis
import Wire

/// Orders that came in parts: each belongs to one operator and says one thing, and each of its parts comes once and has
/// agents of its own. So it can count as one command, and nobody can pass off others as parts of it.
///
/// Under `agentos:mark:batch/<id>` stands a hash: `operator`, `order` (a digest of action and arguments), `parts`, and
/// the number of each part → its command's id. It is written with the reception of each part; here is what was read of
/// it, and of its parts' marks.
struct Batches {
  private struct Record {
    var operatorName: String?
    var order: String?
    var parts: Int?
    var commands: [Int: CommandID] = [:]
    /// The agents of each part, as numbers made of their ids.
    var agents: [Int: Set<Int>] = [:]
  }

  private var records: [CommandID: Record] = [:]
  /// Which came first.
  private var order: [CommandID] = []
  /// Older ones are read again where they are needed.
  private static let most = 256
  private static let mostAgents = 400_000
  private var agentCount = 0

  func knows(_ id: CommandID) -> Bool { records[id] != nil }

  /// Takes up what stands in the hash, unless it is known by now.
  ///
  /// - Parameter marks: of the commands that are its parts.
  mutating func takeUp(
    _ id: CommandID, _ fields: [(name: [UInt8], value: [UInt8])], _ marks: [(part: Int, mark: CommandRecord)] = []
  ) {
    guard !knows(id) else { return }
    records[id] = Record()
    order.append(id)
    for field in fields { take(field.name, field.value, of: id) }
    // Parts about several alerts of one agent act on each once.
    for (part, mark) in marks where Action(rawValue: mark.action)?.scope != .object {
      keep(mark.targets, of: part, in: id)
    }
    if order.count > Self.most { forgetFirst() }
  }

  private mutating func forgetFirst() {
    let record = records.removeValue(forKey: order.removeFirst())
    agentCount -= record?.agents.values.reduce(0) { $0 + $1.count } ?? 0
  }

  private mutating func keep(_ agents: [AgentID], of part: Int, in id: CommandID) {
    let numbers = Set(agents.map(\.hashValue))
    agentCount += numbers.count - (records[id]?.agents[part]?.count ?? 0)
    records[id]?.agents[part] = numbers
    while agentCount > Self.mostAgents, order.count > 1, order.first != id { forgetFirst() }
  }

  private mutating func take(_ name: [UInt8], _ value: [UInt8], of id: CommandID) {
    let text = String(decoding: value, as: UTF8.self)
    switch String(decoding: name, as: UTF8.self) {
    case "operator": records[id]?.operatorName = text
    case "order": records[id]?.order = text
    case "parts": records[id]?.parts = Int(text)
    case let number: if let part = Int(number) { records[id]?.commands[part] = CommandID(text) }
    }
  }

  /// Takes a command as a part.
  ///
  /// - Returns: why it is none; nil if it is.
  mutating func claim(_ batch: Batch, by command: Command) -> String? {
    guard var record = records[batch.id] else { return nil }
    let order = Self.order(of: command)
    guard record.operatorName ?? command.operator == command.operator else {
      return "batch \(batch.id) is another operator's; give yours an id of its own"
    }
    guard record.order ?? order == order, record.parts ?? batch.parts == batch.parts else {
      return "the other parts of batch \(batch.id) say something else; send what differs as another command"
    }
    if let other = record.commands[batch.part], other != command.id {
      return "part \(batch.part) of batch \(batch.id) came before, as command \(other)"
    }
    let agents = command.action.scope == .object ? [] : command.targets
    if let (agent, part) = overlap(agents, batch.part, record) {
      return "\(agent) is in part \(part) of batch \(batch.id) already; name each agent in one part".clipped
    }
    (record.operatorName, record.order, record.parts) = (command.operator, order, batch.parts)
    record.commands[batch.part] = command.id
    records[batch.id] = record
    keep(agents, of: batch.part, in: batch.id)
    return nil
  }

  /// An agent that another part names too: it would be acted on twice by what counts as one order.
  private func overlap(_ targets: [AgentID], _ part: Int, _ record: Record) -> (agent: AgentID, part: Int)? {
    let others = record.agents.filter { $0.key != part }
    for target in targets {
      if let other = others.first(where: { $0.value.contains(target.hashValue) }) { return (target, other.key) }
    }
    return nil
  }

  /// Adds to the transaction that writes a part's reception what is remembered of its batch.
  static func remember(_ batch: Batch, _ command: Command, in transaction: inout Transaction, keys: Keys) {
    let key = keys.batch(batch.id)
    transaction.change(
      "HSET", key, "operator", command.operator, "order", order(of: command), "parts", batch.parts, "\(batch.part)",
      command.id.text)
    transaction.change("PEXPIRE", key, HandlerOptions.marksStay.milliseconds)
  }

  /// The commands that are parts, in their order, by what stands in the hash.
  static func commands(_ fields: [(name: [UInt8], value: [UInt8])]) -> [(part: Int, id: CommandID)] {
    fields.compactMap { field -> (part: Int, id: CommandID)? in
      guard let part = Int(String(decoding: field.name, as: UTF8.self)), (1...Batch.mostParts).contains(part) else {
        return nil
      }
      return (part, CommandID(String(decoding: field.value, as: UTF8.self)))
    }.sorted { $0.part < $1.part }
  }

  /// What all parts have in common. Which alert a part is about is its own, as its agents are.
  private static func order(of command: Command) -> String {
    let arguments = command.arguments.filter { !command.action.isAboutAlerts || $0.key != "alert" }
    let json: JSONValue = [
      "action": .string(command.action.rawValue), "args": .object(JSONObject(texts: arguments)),
      "dry_run": .bool(command.isDryRun),
    ]
    return SHA256.hex(json.encoded)
  }
}

extension Dispatcher {
  /// Reads what is remembered of a command's batch, unless that is known, and then calls `completion`: with why the
  /// batch is none, or nil.
  func lookUpBatch(of command: Command, _ completion: @escaping (String?) -> Void) {
    guard let batch = command.batch else { return completion(nil) }
    let taken = "batch \(batch.id) has the id of a command; give it an id of its own"
    guard batch.id != command.id, runs[batch.id] == nil else { return completion(taken) }
    guard !batches.knows(batch.id) else { return completion(nil) }
    hold()
    let keys = session.keys
    session.read([Request("GET", keys.mark(batch.id.text)), Request("HGETALL", keys.batch(batch.id))]) { [weak self] in
      guard let self else { return }
      guard $0[0] == .null else {
        completion(taken)
        return release()
      }
      let fields = $0[1].pairs
      readMarks(Batches.commands(fields)[...], []) { [weak self] marks in
        self?.batches.takeUp(batch.id, fields, marks)
        completion(nil)
        self?.release()
      }
    }
  }

  /// Reads what is remembered of parts, a few at a time: each may name a thousand agents.
  private func readMarks(
    _ parts: ArraySlice<(part: Int, id: CommandID)>, _ found: [(part: Int, mark: CommandRecord)],
    _ completion: @escaping ([(part: Int, mark: CommandRecord)]) -> Void
  ) {
    let page = parts.prefix(10)
    guard !page.isEmpty else { return completion(found) }
    session.read(page.map { Request("GET", session.keys.mark($0.id.text)) }) { [weak self] replies in
      let marks = zip(page, replies).compactMap { part, reply in
        reply.bytes.flatMap { CommandRecord($0) }.map { (part: part.part, mark: $0) }
      }
      self?.readMarks(parts.dropFirst(page.count), found + marks, completion)
    }
  }
}
