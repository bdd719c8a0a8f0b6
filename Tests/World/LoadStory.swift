import FleetModel
import Handler
import Wire

/// A role whose load is shared anew while handlers die and the server restarts: one of its agents is slow, one is set by
/// hand half-way. Whatever happens, each change goes out once, nobody is asked about two at a time, shares stay within what
/// is declared, and the slow one ends with less.
package struct LoadStory {
  package struct Report {
    /// How often runtimes were told a share.
    package var changes: Int
    package var deaths: Int
    /// What the slow agent's share is in the end.
    package var share: Double
  }

  package let world: SimulatedWorld
  private let crowd: LoadCrowd
  private let mode: Autonomy
  private var asked: Set<String> = []
  /// When each change was decided.
  private var decided: [Instant] = []
  private var lastCommand = StreamID.zero
  private var deaths = 0

  private static let minutes = 14
  private static let handAt = 7 * 60
  private static let settle = TimeSpan.seconds(10)
  /// The command that sets a share by hand.
  static let byHand = CommandID("by-hand")

  /// - Parameter seed: even ones let changes be made, odd ones have a person asked.
  package init(seed: UInt64) throws {
    world = SimulatedWorld(seed: seed)
    let mode: Autonomy = seed % 2 == 0 ? .auto : .propose
    (self.mode, crowd) = (mode, LoadCrowd(world))
    world.runtimes = SimulatedRuntimes(world, agents: [])
    world.service = OutsideService(world)
    world.configure = {
      ($0.load.mode, $0.load.settle) = (mode, Self.settle)
      $0.insight.isOn = false
    }
    for number in 1...2 { try world.addHandler("h\(number)") }
  }

  package mutating func run() throws -> Report {
    world.server.run(["SET".bytes, world.keys.automation, "on".bytes])
    crowd.introduce()
    for place in world.nodes.indices { world.restart(place) }
    crowd.begin()
    plan()
    let end = Int64(Self.minutes * 60) * 1_000_000_000
    while world.now < end {
      let next = min(world.now + 500_000_000, end)
      while world.step(until: next) {}
      world.move(to: next)
      try crowd.hear()
      takeNote()
      try answer()
    }
    return try judge()
  }

  // MARK: What happens

  private mutating func plan() {
    for second in stride(from: 60, to: (Self.minutes - 4) * 60, by: 45) {
      let place = world.number(0...1)
      deaths += 1
      world.schedule(inMilliseconds: second * 1000 + world.number(0...40_000)) { [world] in
        world.kill(place, losesRequests: world.chance(50))
        world.schedule(inMilliseconds: world.number(500...6000)) { world.restart(place) }
      }
    }
    if world.chance(30) {
      world.schedule(inMilliseconds: world.number(100_000...500_000)) { [world] in
        world.restartServer(after: world.number(200...4000))
      }
    }
    world.schedule(inMilliseconds: Self.handAt * 1000) { [self] in setByHand(1) }
  }

  /// An operator sends it until it is heard.
  private func setByHand(_ attempt: Int) {
    let now = world.serverTime
    let command = Command(
      id: Self.byHand, action: .tune, targets: [LoadCrowd.held],
      arguments: ["parameter": LoadSettings.parameter, "value": "0.9"], operator: "ana@ops", issuedAt: now,
      expiresAt: now + .minutes(5))
    guard world.publish(command) == nil, attempt < 100 else { return }
    world.schedule(inMilliseconds: 1000) { [self] in setByHand(attempt + 1) }
  }

  /// A person answers after a while, and says no now and then.
  private mutating func answer() throws {
    let open = proposals
    guard open.count <= 1 else { throw Violation("\(open.count) changes are proposed at once") }
    guard let proposal = open.first, asked.insert(proposal.id.text).inserted else { return }
    guard mode == .propose else { throw Violation("somebody is asked though changes are made") }
    let action = world.chance(80) ? Action.approve : .reject
    world.schedule(inMilliseconds: world.number(500...20_000)) { [world] in
      let now = world.serverTime
      world.publish(
        Command(
          id: CommandID("answer-\(proposal.digest.prefix(12))"), action: action,
          arguments: ["proposal": proposal.id.text, "sha256": proposal.digest], operator: "ana@ops", issuedAt: now,
          expiresAt: now + .minutes(2)))
    }
  }

  // MARK: What stands

  private mutating func takeNote() {
    for (id, payload) in world.entries(world.keys.commands, after: lastCommand) {
      lastCommand = id
      guard let command = try? CommandCoding.decode(payload) else { continue }
      if command.operator.hasPrefix(AgentTuning.byLoad) { decided.append(command.issuedAt) }
    }
  }

  /// No minute sees more changes of the role than are allowed, whoever leads in it.
  private func judgePace() throws(Violation) {
    let times = decided.sorted()
    let most = LoadSettings().movesAMinute
    for (first, last) in zip(times, times.dropFirst(most)) where last - first < .minutes(1) {
      throw Violation("\(most + 1) changes from \(first) to \(last)")
    }
  }

  private var proposals: [Proposal] {
    guard case .hash(let table) = world.server.model[world.keys.proposals] else { return [] }
    return table.fields.compactMap { try? ProposalCoding.decode(table[$0] ?? [], field: $0) }
  }

  private func share(_ agent: AgentID) -> Double {
    world.record(agent).tuning(of: LoadSettings.parameter)?.number ?? 1
  }

  private func judge() throws(Violation) -> Report {
    let shares = LoadCrowd.agents.map(share)
    for (agent, share) in zip(LoadCrowd.agents, shares) {
      guard (0.2...2).contains(share), abs(share * 10 - (share * 10).rounded()) < 1e-9 else {
        throw Violation("the share of \(agent) is \(share)")
      }
    }
    // Between the two of a pair a handler may have died; what an operator has set stays.
    let sum = shares.reduce(0, +)
    guard abs(sum - Double(shares.count)) <= 0.61 else { throw Violation("the shares add up to \(sum): \(shares)") }
    let slow = share(LoadCrowd.slow)
    guard slow < 0.9 else { throw Violation("the slow one still has \(slow): \(shares)") }
    let held = world.record(LoadCrowd.held).tuning(of: LoadSettings.parameter)
    guard held?.by == "ana@ops" else { throw Violation("what ana has set was changed by \(held?.by ?? "nobody")") }
    for line in world.audit where line.operator.hasPrefix(AgentTuning.byLoad) && line.phase == .received {
      guard line.reason.contains(" share "), line.reason.contains(" instead of ") else {
        throw Violation("no reason: \(line)")
      }
    }
    try judgeHash()
    try judgePace()
    guard world.endlessMarks.isEmpty else { throw Violation("marks without an end: \(world.endlessMarks)") }
    return Report(changes: crowd.told.count, deaths: deaths, share: slow)
  }

  /// Nothing is waited for that is long over.
  private func judgeHash() throws(Violation) {
    guard case .hash(let table) = world.server.model[world.keys.load] else { return }
    let now = world.serverTime
    for role in table.fields {
      guard let standing = LoadCoding.decode(table[role] ?? []) else { throw Violation("\(role.text) holds nothing") }
      let ends = standing.moves.map(\.until) + [standing.question?.until].compactMap(\.self)
      if let late = ends.first(where: { $0 < now - .minutes(1) }) {
        throw Violation("something is waited for that ended at \(late), now \(now)")
      }
    }
  }
}

/// Agents of one role and their router, in a world: what an agent has open follows its share, late and with noise.
final class LoadCrowd {
  static let agents = (0..<5).map { AgentID("agent-\($0)") }
  static let slow: AgentID = "agent-1"
  /// Whose share a person sets.
  static let held: AgentID = "agent-3"

  private unowned let world: SimulatedWorld
  private var shares: [AgentID: Double] = [:]
  private var open: [AgentID: Double] = [:]
  /// How often each command reached a runtime.
  private(set) var told: [CommandID: Int] = [:]
  /// What agents were told last.
  private var last: [AgentID: Double] = [:]
  private var lastControl = StreamID.zero

  private static let capacity = 16.0
  private static let tells = 2000
  /// A share changes by a fifth of what is declared at the most.
  private static let mostChange = 0.2
  /// Between the two of a pair a handler may have died, and one of them is set by hand.
  private static let mostExcess = 0.81
  /// How long a conversation lasts, in milliseconds.
  private static let lasts = 10_000.0

  init(_ world: SimulatedWorld) { self.world = world }

  func introduce() {
    for agent in Self.agents {
      world.publish(
        event: "agent.created", of: agent,
        [
          "role": "support", "capacity": .integer(Int64(Self.capacity)),
          "parameters": [
            "routing_share": ["min": .number(0.2), "max": 2, "step": .number(0.1), "value": 1]
          ],
        ])
    }
  }

  /// Lets conversations come and end, and has agents tell of it.
  func begin() {
    world.schedule(inMilliseconds: Self.tells) { [self] in
      let sum = Self.agents.reduce(0) { $0 + (shares[$1] ?? 1) }
      let pace = 1 - 1 / (1 + Double(Self.tells) / Self.lasts)
      for agent in Self.agents {
        let lasting = agent == Self.slow ? 2.2 : 1
        let mean = 0.45 * Self.capacity * Double(Self.agents.count) * (shares[agent] ?? 1) / sum * lasting
        open[agent] = (open[agent] ?? 0) + (mean - (open[agent] ?? 0)) * pace
        let noise = 1 + Double(world.number(-100...100)) / 1000
        let count = min(Self.capacity, (open[agent] ?? 0) * noise)
        world.publish(
          event: "agent.status", of: agent,
          ["state": "running", "conversations": .integer(Int64(count.rounded()))])
      }
      begin()
    }
  }

  /// Hands on what runtimes are told.
  func hear() throws(Violation) {
    for (id, payload) in world.entries(world.keys.control, after: lastControl) {
      lastControl = id
      guard let message = ControlCoding.decode(payload) else { throw Violation("a control message cannot be read") }
      told[message.commandID, default: 0] += 1
      guard told[message.commandID] == 1 else { throw Violation("\(message.commandID) went out twice") }
      guard message.arguments["parameter"] == LoadSettings.parameter else {
        throw Violation("\(message.verb.name) is told to \(message.agent)")
      }
      let value = message.arguments["value"].flatMap { Double($0) }
      try check(message, value ?? 1)
      world.schedule(inMilliseconds: world.number(5...1500)) { [self] in
        shares[message.agent] = value
        world.publish(
          event: "agent.status", of: message.agent,
          ["state": "running", "command_id": .string(message.commandID.text)])
      }
    }
  }

  /// Shares change by small steps, and add up to what they did.
  private func check(_ message: ControlMessage, _ value: Double) throws(Violation) {
    let before = last.updateValue(value, forKey: message.agent) ?? 1
    guard message.commandID == LoadStory.byHand || abs(value - before) <= Self.mostChange + 1e-9 else {
      throw Violation("the share of \(message.agent) goes from \(before) to \(value)")
    }
    let excess = Self.agents.reduce(0) { $0 + (last[$1] ?? 1) - 1 }
    guard abs(excess) <= Self.mostExcess else { throw Violation("the shares add up to \(excess) too much: \(last)") }
  }
}
