import FleetModel
import Handler
import Redis
import Wire

/// What has become of conversations that change hands or wait, as Redis tells it. Each step is checked as it is written:
///
/// ```text
///   agentos:handoffs ── who was asked ──┐
///   agentos:commands ── offers ─────────┼─▶ one way a request: three agents at most, each once, and one end
///   agentos:audit ── begin and end ─────┘
///   agentos:waiting ── who waits, and who has taken it ─▶ by a word that was said, or a command that succeeded
///   agentos:control ── what runtimes hear ──▶ once, of what the audit says has been done
/// ```
struct HandoffLedger {
  static let sender = "handler/"

  let mode: Autonomy
  private(set) var roster: HandoffRoster
  private(set) var before = HandoffStep()
  /// By conversation: requests that were said, and ways that were begun and ended.
  private(set) var asked: [Handoff.ID: Int] = [:]
  private var begun: [Handoff.ID: Int] = [:]
  /// Requests that no end has followed yet.
  private(set) var unanswered: Set<Handoff.ID> = []
  /// Conversations that are said to wait, and do not stand in the list yet.
  var awaited: Set<Handoff.ID> = []
  var saidToWait: Set<Handoff.ID> = []
  /// Who has said to have it.
  private var takers: [Handoff.ID: Set<AgentID>] = [:]
  /// How many words were said that take it off the list, and have not done so.
  var freed: [Handoff.ID: Int] = [:]
  /// Who was asked in the present way.
  private var tried: [Handoff.ID: [AgentID]] = [:]
  private(set) var given: [CommandID: Command] = [:]
  /// How often ways ended, by the phase of their last line.
  private(set) var ends: [AuditLine.Phase: Int] = [:]

  private var lastCommand = StreamID.zero
  /// The fence of who leads.
  private var fence: Bytes?
  private var lastLine = StreamID.zero
  private var lastEvent = StreamID.zero
  private var lastControl = StreamID.zero

  init(_ mode: Autonomy, _ roster: HandoffRoster) { (self.mode, self.roster) = (mode, roster) }

  // MARK: Reading

  /// Takes what was written since.
  mutating func read(_ world: SimulatedWorld) throws(Violation) {
    var step = HandoffStep(now: world.now)
    if case .string(let mode) = world.server.model[world.keys.automation] { step.automation = mode.text }
    for (field, value) in Self.fields(world.keys.handoffs, in: world) {
      guard let handoff = HandoffCoding.decode(field, value) else {
        throw Violation("\(field.text) holds no conversation that changes hands")
      }
      step.book[handoff.id] = handoff
    }
    for (field, value) in Self.fields(world.keys.waiting, in: world) {
      guard let conversation = WaitingCoding.decode(field, value) else {
        throw Violation("\(field.text) holds no conversation that waits")
      }
      step.waiting[conversation.id] = conversation
    }
    for (id, payload) in world.entries(world.keys.commands, after: lastCommand) {
      lastCommand = id
      guard let command = try? CommandCoding.decode(payload), command.operator.hasPrefix(Self.sender) else { continue }
      step.offers.append(command)
    }
    for (id, payload) in world.entries(world.keys.audit, after: lastLine) {
      lastLine = id
      if let line = AuditCoding.decode(payload) { step.lines.append(line) }
    }
    for (id, payload) in world.entries(world.keys.control, after: lastControl) {
      lastControl = id
      if let message = ControlCoding.decode(payload) { step.controls.append(message) }
    }
    for (id, payload) in world.entries(world.keys.events, after: lastEvent) {
      lastEvent = id
      note(payload, &step)
    }
    if case .string(let present) = world.server.model[world.keys.fence], present != fence {
      fence = present
      roster.forgetRooms()
    }
    try take(step)
  }

  private static func fields(_ key: Bytes, in world: SimulatedWorld) -> [(Bytes, Bytes)] {
    guard case .hash(let table) = world.server.model[key] else { return [] }
    return table.fields.map { ($0, table[$0] ?? []) }
  }

  private mutating func note(_ payload: Bytes, _ step: inout HandoffStep) {
    guard let json = try? JSONValue.parse(payload), let type = json["event_type"]?.text,
      let agent = json["entity_id"]?.bytes.map({ AgentID(bytes: $0) }), let data = json["data"]
    else { return }
    if type != "agent.deleted" { roster.heard(agent) }
    let isOfHandler = json["source"]?.text == Event.handlerSource
    if let word = HandoffStep.word(type, agent, data, isOfHandler: isOfHandler) { step.words.append(word) }
    switch type {
    case "agent.status": roster.told(agent, runs: data["state"]?.text == "running", open: data["conversations"]?.int)
    case "agent.deleted": roster.left(agent)
    default: break
    }
  }

  // MARK: A step

  mutating func take(_ step: HandoffStep) throws(Violation) {
    for line in step.lines where line.action == Action.resume.rawValue && line.phase == .succeeded {
      roster.resumed(line.target)
    }
    for (id, word) in step.words { note(id, word) }
    try checkOffers(step)
    try checkWays(step)
    try checkWaiting(step)
    try checkControls(step)
    before = step
    let standing = step.book.values.compactMap(\.standing?.agent)
    roster.look(at: step.now, asked: standing.reduce(into: [:]) { $0[$1, default: 0] += 1 })
  }

  /// Whether a proposal stands for a conversation, or is on its way into the list: it answers who asks once more.
  private func isProposed(_ id: Handoff.ID) -> Bool {
    mode == .propose && (before.waiting[id]?.proposed != nil || awaited.contains(id))
  }

  private mutating func note(_ id: Handoff.ID, _ word: HandoffStep.Word) {
    switch word {
    case .asked:
      asked[id, default: 0] += 1
      if mode != .off, !isProposed(id) { unanswered.insert(id) }
    case .waits:
      awaited.insert(id)
      saidToWait.insert(id)
    case .accepted(let agent):
      takers[id, default: []].insert(agent)
      freed[id, default: 0] += 1
      awaited.remove(id)
    case .ended:
      freed[id, default: 0] += 1
      awaited.remove(id)
    case .refused: break
    }
  }

  private mutating func checkOffers(_ step: HandoffStep) throws(Violation) {
    for command in step.offers {
      guard mode == .auto else { throw Violation("\(command.id) is given, and the settings say \(mode.rawValue)") }
      guard step.automation == "on" else {
        throw Violation("\(command.id) is given, and automation is \(step.automation)")
      }
      guard given.updateValue(command, forKey: command.id) == nil else {
        throw Violation("\(command.id) is given twice")
      }
      guard let id = command.arguments["conversation_id"].flatMap(Handoff.ID.init), let handoff = step.book[id],
        let offer = handoff.standing, offer.command == command.id, command.action == .transfer,
        command.targets == [handoff.agent], command.arguments["to"] == "\(offer.agent)"
      else { throw Violation("\(command.id) is given, and no such offer stands: \(command.arguments)") }
      guard !command.reason.isEmpty else { throw Violation("\(command.id) has no reason") }
      if let who = before.waiting[id]?.hand?.by {
        throw Violation("\(who) has \(id.text), and \(offer.agent) is asked")
      }
      if let fault = roster.fault(of: offer.agent, for: handoff, at: step.now) {
        throw Violation("\(offer.agent) is asked to take \(id.text): \(fault)")
      }
      // What began in this step is counted from here on.
      if handoff.offers.count == 1 { tried[id] = [] }
      guard offer.agent != handoff.agent, tried[id]?.contains(offer.agent) != true else {
        throw Violation("\(offer.agent) is asked again to take \(id.text)")
      }
      tried[id, default: []].append(offer.agent)
      guard tried[id]?.count ?? 0 <= 3 else { throw Violation("more than three are asked to take \(id.text)") }
    }
  }

  /// Each way begins by a request, and has one end, with its reason.
  private mutating func checkWays(_ step: HandoffStep) throws(Violation) {
    var over: [Handoff.ID: Int] = [:]
    for line in step.lines {
      guard let id = HandoffStep.conversation(of: line) else { continue }
      guard mode != .off else { throw Violation("\(id.text) is handed over, and hand-overs are off") }
      guard !line.detail.isEmpty else { throw Violation("a line about \(id.text) has no words") }
      if line.phase == .started { continue }
      over[id, default: 0] += 1
      ends[line.phase, default: 0] += 1
      unanswered.remove(id)
      try checkEnd(line, of: id, step)
    }
    for id in Set(step.book.keys).union(before.book.keys).union(over.keys) {
      try checkBook(before.book[id], step.book[id], step, isOver: over[id] != nil)
      let new = (step.book[id] == nil ? 0 : 1) - (before.book[id] == nil ? 0 : 1) + (over[id] ?? 0)
      guard new >= 0 else { throw Violation("\(id.text) changes hands no more, and the audit does not say why") }
      begun[id, default: 0] += new
      guard begun[id] ?? 0 <= asked[id] ?? 0 else {
        throw Violation("\(id.text) was asked for \(asked[id] ?? 0) times, and taken up \(begun[id] ?? 0) times")
      }
    }
  }

  private func checkEnd(_ line: AuditLine, of id: Handoff.ID, _ step: HandoffStep) throws(Violation) {
    let saysWaiting = step.words.contains { $0.id == id && $0.word == .waits(isOfHandler: true) }
    switch line.phase {
    case .failed, .proposed:
      guard line.phase == .failed || mode == .propose && step.automation == "on" else {
        throw Violation("\(id.text) is proposed, and nothing is to be")
      }
      guard saysWaiting else { throw Violation("\(id.text) is to wait for a person, and nobody says so") }
    case .succeeded:
      let who = takers[id]?.contains { line.detail.contains("\($0) has it") } ?? false
      guard who else { throw Violation("nobody has said so: \(line.detail)") }
    case .skipped: break
    case .received, .rejected, .started, .obeyed, .unknown, .expired, .undone:
      throw Violation("a hand-over is told to be \(line.phase.rawValue)")
    }
  }

  private func checkBook(
    _ old: Handoff?, _ new: Handoff?, _ step: HandoffStep, isOver: Bool
  ) throws(Violation) {
    guard let new else { return }
    guard new.offers.count <= 3, new.offers.dropLast().allSatisfy({ $0.fault != nil }) else {
      throw Violation("\(new.id.text) is offered to several: \(new.offers.map(\.agent))")
    }
    for offer in new.offers where given[offer.command] == nil {
      throw Violation("\(offer.agent) is asked to take \(new.id.text), and no command says so")
    }
    guard let old, !isOver else { return }
    guard new.offers.count >= old.offers.count, zip(old.offers, new.offers).allSatisfy({ $0.command == $1.command })
    else { throw Violation("who was asked to take \(new.id.text) is forgotten") }
  }
}
