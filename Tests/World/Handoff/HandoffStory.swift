import FleetModel
import Handler
import Redis
import Wire

/// Conversations that change hands and wait for people, in a world where handlers are killed, clocks are stepped,
/// connections break and Redis refuses: agents ask for others, which accept, refuse, say nothing, or leave; people take what
/// waits, hand it back, close it, agree to what is proposed, and switch automation off.
///
/// ```text
///   customers, with trouble ──▶ rest, without trouble, until each request has its end ──▶ all leave ──▶ nothing stands
/// ```
/// Whatever happens, each request comes to one end, and the audit says which; at most three agents are asked, each once,
/// and none that could not take it; what a person has is given to nobody; and what is over leaves the lists.
/// ``HandoffLedger`` checks each step as it is written.
package struct HandoffStory {
  package struct Report {
    package var mode: Autonomy
    package var requests: Int
    package var offers: Int
    /// How ways have ended.
    package var accepted: Int
    package var proposed: Int
    package var givenUp: Int
    package var skipped: Int
    /// What people have sent.
    package var commands: Int
    package var inputs: Int

    package var words: String {
      "\(mode): \(requests) requests, \(offers) offers, \(accepted) accepted, \(proposed) proposed, \(givenUp) given up, "
        + "\(skipped) skipped, \(commands) commands, \(inputs) inputs"
    }
  }

  package let world: SimulatedWorld
  private let crowd: HandoffCrowd
  private let people: HandoffPeople
  private let trouble: Trouble
  private var ledger = Ledger()
  private var handoffs: HandoffLedger
  private var writes = 0

  /// More inputs than any seed needs.
  private static let mostInputs = 400_000
  /// Milliseconds by which all has come to rest, after the last trouble, and again once all customers have left.
  private static let longestRest: Int64 = 120_000
  /// One fault for so many inputs, on average. A second has about 200.
  private static let troubles: [Int?] = [nil, 6000, 2000, 700]
  /// By then handlers know what agents have said, in milliseconds.
  private static let lags: (calm: Int64, troubled: Int64) = (3000, 20_000)

  /// - Parameter isCalm: whether nothing fails.
  package init(seed: UInt64, isCalm: Bool = false) throws {
    world = SimulatedWorld(seed: seed)
    trouble = Trouble(world, isCalm: isCalm, every: Self.troubles)
    crowd = HandoffCrowd(world)
    people = HandoffPeople(world, crowd)
    let lag = trouble.every == nil ? Self.lags.calm : Self.lags.troubled
    handoffs = HandoffLedger(people.mode, HandoffRoster(crowd.members, lag: lag))
    world.runtimes = SimulatedRuntimes(world, agents: [])
    world.service = OutsideService(world)
    world.configure = { [people] in people.configure(&$0) }
    for number in 1...world.number(1...2) { try world.addHandler("h\(number)") }
  }

  package mutating func run() throws -> Report {
    world.tell("\(crowd.agents.count) agents, hand-overs \(people.mode)")
    world.server.run(["SET".bytes, world.keys.automation, "on".bytes])
    crowd.introduce()
    for place in world.nodes.indices { world.restart(place) }
    crowd.begin()
    crowd.beginTalks()
    people.begin()
    let span = world.number(40_000...70_000)
    people.plan(until: span)
    let end = Int64(span) * 1_000_000
    while world.now < end {
      let next = min(end, world.now + 500_000_000)
      while world.step(until: next) {
        try world.perhapsFail(trouble)
        try check()
      }
      world.move(to: next)
    }
    crowd.close()
    try rest("each request has its end") { $0.unanswered }
    crowd.end()
    people.close()
    try rest("nothing stands") { $0.unsettled }
    try world.judgeRemains()
    return report
  }

  private var report: Report {
    let ends = handoffs.ends
    return Report(
      mode: people.mode, requests: handoffs.asked.values.reduce(0, +), offers: handoffs.given.count,
      accepted: ends[.succeeded] ?? 0, proposed: ends[.proposed] ?? 0, givenUp: ends[.failed] ?? 0,
      skipped: ends[.skipped] ?? 0, commands: people.sent.count, inputs: world.inputs)
  }

  /// Looks at what the last input has led to.
  private mutating func check() throws {
    guard world.inputs < Self.mostInputs else { throw Violation("it does not come to rest") }
    if let script = world.server.model.unknownScripts.first { throw Violation("no twin of the script \(script)") }
    guard writes != world.writes else { return }
    writes = world.writes
    _ = try ledger.read(world) { [crowd] in crowd.take($0) }
    try handoffs.read(world)
  }

  // MARK: Its end

  private mutating func rest(_ what: String, _ open: (HandoffStory) -> String?) throws {
    world.tell("rest: until \(what)")
    let end = world.now + Self.longestRest * 1_000_000
    while world.now < end {
      let next = world.now + 1_000_000_000
      while world.step(until: next) { try check() }
      world.move(to: next)
      if open(self) == nil { return }
    }
    if let open = open(self) { throw Violation(open) }
  }

  /// Requests that no end has followed, and conversations that are to wait and do not, in words; nil if there are none.
  private var unanswered: String? {
    if let id = handoffs.unanswered.map(\.text).min() { return "nobody has answered what was asked for \(id)" }
    return handoffs.awaited.map(\.text).min().map { "\($0) is said to wait, and does not stand in the list" }
  }

  /// What has not come to its end yet, in words; nil if all has.
  private var unsettled: String? {
    if let unanswered { return unanswered }
    for key in [world.keys.handoffs, world.keys.waiting, world.keys.waitingState] where world.server.model[key] != nil {
      return "all have left, and \(key.text) stands: \(handoffs.before.waiting.keys.map(\.text).sorted())"
    }
    if !world.scheduled.isEmpty { return "still scheduled: \(world.scheduled)" }
    if !world.unacknowledged.isEmpty { return "not acknowledged: \(world.unacknowledged)" }
    guard world.putAside.isEmpty else { return nil }
    let commands = people.sent + handoffs.given.values.sorted { $0.id.text < $1.id.text }
    return ledger.lost(of: commands)
  }
}
