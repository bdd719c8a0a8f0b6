import FleetModel

/// Makes a history from a seed.
package struct HistoryGenerator {
  /// How long and how wild histories are.
  package struct Shape: Sendable {
    package var agents = 4
    package var steps = 14
    /// Seconds that a step of waiting may take.
    package var waits = [5, 10, 30, 45, 90, 310, 320, 400]
    package var canFail = true
    /// Whether Redis may come back empty.
    package var canLoseAll = true
    /// Whether automation may hold itself back.
    package var canHold = true
    /// Whether agents report metrics that the settings declare.
    package var hasOpenMetrics = true
    package init() {}

    /// For programs, whose time is real.
    package static var real: Shape {
      var shape = Shape()
      (shape.agents, shape.steps, shape.waits, shape.canHold) = (3, 8, [1, 2, 3], false)
      shape.hasOpenMetrics = false
      return shape
    }
  }

  private var random: SeededRandom
  private let seed: UInt64
  private let shape: Shape
  private var steps: [History.Step] = []
  private let names: [String]
  private var isOpen = false
  private var lastEvent: PublishedEvent?

  private static let allNames = ["Ada", "Ben", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hugo"]

  /// Values by how bad they are: well, near the level, past it three times.
  static let values: [(metric: String, steps: [Double])] = [
    ("error_rate", [0.01, 0.02, 0.045, 0.07, 0.15, 0.4]),
    ("response_time", [300, 900, 1800, 2500, 5000, 9000]),
    ("queue_size", [3, 40, 90, 150, 400, 2000]),
    ("avg_rating", [4.5, 4.1, 3.4, 2.8, 2.3, 1.5]),
    ("health_score", [0.95, 0.85, 0.7, 0.5, 0.3, 0.1]),
  ]
  /// The same of open metrics; one value cannot be one.
  private static let openValues: [(metric: String, steps: [Double])] = [
    ("cost_per_hour", [1, 3, 4.5, 7, 15, 30]), ("depth", [2, 7, 9, 17, 25, 50]),
    ("grounding", [0.95, 0.85, 0.7, 0.55, 0.35, 0.1, 7]),
  ]

  private var values: [(metric: String, steps: [Double])] {
    shape.hasOpenMetrics ? Self.values + Self.openValues : Self.values
  }

  package static func history(seed: UInt64, shape: Shape = Shape()) -> History {
    var generator = HistoryGenerator(seed: seed, shape: shape)
    return generator.make()
  }

  private init(seed: UInt64, shape: Shape) {
    (self.seed, self.shape) = (seed, shape)
    random = SeededRandom(seed: seed)
    names = Array(Self.allNames.prefix(min(shape.agents, Self.allNames.count)))
  }

  private mutating func make() -> History {
    for name in names { begin(name) }
    steps.append(.open(console: 0))
    var faults = FaultSchedule(steps: shape.canFail ? shape.steps : 0, canLoseAll: shape.canLoseAll, random: &random)
    for index in 0..<shape.steps {
      let due = faults.due(at: index)
      // Who remembers ids of before an empty server, and who does not, may differ.
      if due.contains(.mendEmpty) { lastEvent = nil }
      steps += due
      steps += next()
      if !isOpen, index >= shape.steps / 3 || chance(5) { openSecond() }
    }
    steps += faults.rest()
    steps.append(.wait(10))
    return History(seed: seed, agents: names, steps: steps)
  }

  private mutating func openSecond() {
    isOpen = true
    steps.append(.open(console: 1))
  }

  /// Says who the agent is and what it reports.
  private mutating func begin(_ name: String) {
    steps.append(.publish(PublishedEvent("created", name, words: ["name": name])))
    guard chance(85) else { return }
    steps.append(.set(agent: name, metric: "messages_per_minute", value: Double(number(10...90))))
    steps.append(.set(agent: name, metric: "error_rate", value: 0.01))
    for (metric, values) in values.dropFirst() where chance(35) {
      steps.append(.set(agent: name, metric: metric, value: values[0]))
    }
  }

  private mutating func next() -> [History.Step] {
    switch number(0...99) {
    case ..<22: [.wait(pick(shape.waits))]
    case ..<44: [change()]
    case ..<62: [.publish(event())]
    case ..<66: [.silence(chance(50) ? nil : pick(names)), .wait(pick(shape.waits))]
    case ..<72: [.speak(chance(50) ? nil : pick(names)), .wait(pick(shape.waits))]
    case ..<75: [.obey(agent: pick(names), chance(50))]
    case ..<78 where shape.canHold: [.hold(chance(60))]
    case ..<83: [.tend(agent: pick(names), pick([.acknowledge, .acknowledge, .silence, .close, .escalate]))]
    default: [.operate(console: number(0...1), operation())]
    }
  }

  private mutating func change() -> History.Step {
    let (metric, values) = chance(50) ? Self.values[0] : pick(values)
    return .set(agent: pick(names), metric: metric, value: chance(45) ? values[number(0...1)] : pick(values))
  }

  private mutating func event() -> PublishedEvent {
    let agent = pick(names)
    if let lastEvent, chance(10) { return lastEvent }
    if shape.hasOpenMetrics, chance(25) { return openEvent(of: agent) }
    func bad(_ index: Int, _ step: Int) -> [String: Double] {
      [Self.values[index].metric: Self.values[index].steps[step]]
    }
    let event =
      switch number(0...9) {
      case 0, 1: PublishedEvent("performance_degraded", agent, bad(0, number(3...5)))
      case 2: PublishedEvent("high_traffic", agent, bad(2, number(3...5)))
      case 3: PublishedEvent("satisfaction_low", agent, bad(3, number(3...5)))
      case 4: PublishedEvent("health_critical", agent, bad(4, number(3...5)))
      case 5, 6:
        PublishedEvent(
          "security_alert", agent,
          words: ["alert_type": "brute_force", "risk_level": pick(["low", "medium", "high", "critical"])])
      case 7: PublishedEvent("predictive_alert", agent, ["confidence": 0.8])
      case 8: PublishedEvent("updated", agent, isActive: chance(60))
      default: PublishedEvent(chance(50) ? "feedback" : "something_new", agent, ["rating": 4])
      }
    var named = event
    if chance(40) { named.eventID = "e\(number(0...9999))" }
    lastEvent = named.eventID == nil ? lastEvent : named
    return named
  }

  /// An event that nobody knows, with one open metric or two.
  private mutating func openEvent(of agent: String) -> PublishedEvent {
    var numbers: [String: Double] = [:]
    for _ in 0...number(0...1) {
      let (metric, values) = pick(Self.openValues)
      numbers[metric] = pick(values)
    }
    return PublishedEvent(chance(30) ? "performance_degraded" : "something_new", agent, numbers)
  }

  private mutating func operation() -> History.Operation {
    switch number(0...9) {
    case ..<4: .act(chance(70) ? "p" : "r", agent: pick(names))
    case 4: .actHere(chance(70) ? "p" : "r")
    case 5, 6: .mark(agent: pick(names))
    case 7: .filter(chance(20) ? "nobody" : String(pick(names).prefix(2)))
    case 8: .freeze
    default: .back
    }
  }

  // MARK: Chance

  private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  private mutating func chance(_ percent: Int) -> Bool { number(0...99) < percent }
  private mutating func pick<T>(_ all: [T]) -> T { all[number(0...all.count - 1)] }
}
