import FleetModel
import Handler
import Redis
import Wire

/// People around a role that is tuned: they set agents by hand, pause them, answer what they are asked, switch automation,
/// and change the mode in the settings.
final class TuningOperators {
  private unowned let world: SimulatedWorld
  private let crowd: TunedCrowd
  private let budget: Double
  private(set) var mode: Autonomy
  private let post: CommandPost
  private var asked: Set<String> = []
  /// An order of tuning that may be taken back.
  var lastGiven: CommandID?
  /// Whether the end has come: what was switched for a while stays as it is.
  private var isOver = false
  /// What nobody may see.
  private(set) var fault: Violation?
  /// When Redis last refused what tuning needs, in nanoseconds.
  private(set) var refusedAt: Int64?

  /// Commands that the server has taken.
  var sent: [Command] { post.sent }

  init(_ world: SimulatedWorld, _ crowd: TunedCrowd, budget: Double) {
    (self.world, self.crowd, self.budget) = (world, crowd, budget)
    post = CommandPost(world, "ana")
    mode = world.chance(60) ? .auto : .propose
  }

  // MARK: Settings

  func configure(_ options: inout HandlerOptions) {
    options.tuning.mode = mode
    options.tuning.parameters = crowd.declared.map(\.name)
    (options.tuning.worst, options.tuning.budget) = (TunedCrowd.worst, budget)
    (options.tuning.every, options.tuning.settle) = (TunedCrowd.span, 1)
    options.runbook.guards.silence = .seconds(8)
    options.insight.isOn = false
  }

  /// Writes another mode into the settings, which all handlers read again.
  func set(_ mode: Autonomy) {
    world.tell("the settings say \(mode.rawValue)")
    self.mode = mode
    for node in world.nodes {
      world.run(on: node) { [self] in
        var options = HandlerOptions(id: node.id)
        configure(&options)
        node.service?.apply(options)
      }
    }
  }

  func switchAutomation(_ isOn: Bool) { post.send(.automation, [], ["mode": isOn ? "on" : "off"]) }

  // MARK: What they do

  /// Plans what happens until a moment, in milliseconds from now.
  ///
  /// - Parameter isCalm: whether nothing fails.
  func plan(until end: Int, isCalm: Bool) {
    if !isCalm, world.chance(40) { at(end) { [self] in refuse() } }
    for _ in 0..<world.number(0...2) { at(end) { [self] in setByHand() } }
    if world.chance(25) { at(end) { [self] in undo() } }
    if world.chance(40) { at(end) { [self] in pause() } }
    for _ in 0..<world.number(0...2) where world.chance(60) {
      at(end) { [self] in crowd.pauseReports(of: world.pick(crowd.agents), milliseconds: world.number(2000...25_000)) }
    }
    for _ in 0..<world.number(0...2) where world.chance(50) {
      at(end) { [self] in crowd.leave(world.pick(crowd.agents), by: world.number(0...2)) }
    }
    if world.chance(30) {
      at(end) { [self] in
        switchAutomation(false)
        world.schedule(inMilliseconds: world.number(3000...15_000)) { [self] in
          if !isOver { switchAutomation(true) }
        }
      }
    }
    guard world.chance(35) else { return }
    at(end) { [self] in
      let before = mode
      set(world.pick(Autonomy.allCases.filter { $0 != before }))
      world.schedule(inMilliseconds: world.number(5000...30_000)) { [self] in
        if !isOver { set(before) }
      }
    }
  }

  /// From now on they answer, and do nothing else.
  func close() { isOver = true }

  /// Once something can have been tried.
  private func at(_ end: Int, _ work: @escaping () -> Void) {
    world.schedule(inMilliseconds: world.number(15_000...max(15_000, end)), work)
  }

  /// Somebody takes rights away that tuning needs, and gives them back.
  private func refuse() {
    let denial = world.pick([
      Denial("HSET", prefix: "agentos:tuning"), Denial("HGETALL"), Denial("HDEL"),
      Denial("XADD", prefix: "agentos:commands"), Denial("XADD", prefix: "agentos:control"),
      Denial("HSET", prefix: "agentos:proposals"),
    ])
    world.tell("the server denies \(denial)")
    world.server.model.denials.append(denial)
    refusedAt = world.now
    world.schedule(inMilliseconds: world.number(500...8000)) { [self] in
      world.tell("the server allows \(denial) again")
      world.server.model.denials.removeAll { $0 == denial }
    }
  }

  private func setByHand() {
    guard let parameter = crowd.declared.first else { return }
    let value = parameter.minimum + parameter.step * Double(world.number(0...8))
    post.send(.tune, [world.pick(crowd.agents)], ["parameter": parameter.name, "value": "\(Int64(value))"])
  }

  private func undo() {
    guard let lastGiven else { return }
    post.send(.undo, [], ["command_id": lastGiven.text])
  }

  private func pause() { post.send(.pause, [world.pick(crowd.agents)], ["for": "\(world.number(4...15))s"]) }

  /// Answers what is asked, after a while; sometimes with no, seldom not at all.
  func answer() {
    let open = proposals
    if open.count > 1 { fault = Violation("\(open.count) settings are proposed at once") }
    guard let proposal = open.first, asked.insert(proposal.id.text).inserted, !world.chance(5) else { return }
    let action = world.chance(85) ? Action.approve : .reject
    world.schedule(inMilliseconds: world.number(300...8000)) { [self] in
      post.send(action, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    }
  }

  private var proposals: [Proposal] {
    guard case .hash(let table) = world.server.model[world.keys.proposals] else { return [] }
    return table.fields.compactMap { try? ProposalCoding.decode(table[$0] ?? [], field: $0) }
  }
}
