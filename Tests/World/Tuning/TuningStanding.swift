import FleetModel
import Insight
import Wire

/// How the tuning of a role stands, as `agentos:tuning` holds it: read past the code that has written it.
struct TuningStanding: Equatable {
  enum Phase: String {
    case resting, asking, trying, closing
    case asksAdoption = "asks_adoption"
    case widening, returning
  }

  struct Parameter: Equatable {
    var name: String
    var bounds: ClosedRange<Double>
    var step: Double
    /// What the role ran with when it was taken up, and what it runs with.
    var home: Double
    var base: Double
  }

  struct Trial: Equatable {
    /// Tells it from other trials of the role.
    var number: Int
    /// Of the parameter.
    var place: Int
    var value: Double
    var pairs: [[AgentID]]
  }

  /// A parameter of which another value is adopted, agents by agents, and what they ran with before.
  struct Widening: Equatable {
    var place: Int
    var from: Double
  }

  var phase: Phase
  var parameters: [Parameter]
  var trial: Trial?
  var widening: Widening?
  /// Of those that are held back.
  var held: [[AgentID]] = []
  /// How many steps had commands.
  var steps = 0
  /// Of the budget, in minutes of the whole role.
  var spent = 0.0
  /// Under which name the audit tells of the trial; nil while there is none.
  var run: String?

  init(_ phase: Phase, _ parameters: [Parameter]) { (self.phase, self.parameters) = (phase, parameters) }

  /// Nil for what is no such state.
  init?(_ value: [UInt8]) {
    guard let (report, state) = TuningCoding.decode(value), let phase = state["phase"]?.text.flatMap(Phase.init),
      let stored = state["parameters"]?.list, let steps = state["steps"]?.int, let spent = state["spent"]?.double
    else { return nil }
    let parameters = stored.compactMap { Parameter($0) }
    guard !parameters.isEmpty, parameters.count == stored.count else { return nil }
    self.init(phase, parameters)
    (self.steps, self.spent, run) = (steps, spent, report.run)
    trial = state["trial"].flatMap { Trial($0) }
    if phase == .widening, let place = state["place"]?.int, let from = state["from"]?.double {
      widening = Widening(place: place, from: from)
    }
    held = state["held"].flatMap { Self.pairs($0) } ?? []
    let places = [trial?.place, widening?.place].compactMap(\.self)
    guard places.allSatisfy(parameters.indices.contains) else { return nil }
  }

  fileprivate static func pairs(_ crossover: JSONValue) -> [[AgentID]]? {
    crossover["pairs"]?.list?.map { pair in
      [pair["first"], pair["second"]].compactMap { $0?.bytes.map { AgentID(bytes: $0) } }
    }
  }

  /// Whether two values are the same: they are written as text and read again.
  static func isSame(_ left: Double, _ right: Double) -> Bool { TunedParameter.isSame(left, right) }

  /// For the trace.
  var words: String {
    let values = parameters.map { "\($0.name) \($0.base.plain)\(Self.isSame($0.base, $0.home) ? "" : " away")" }
    let tried = trial.map { trial in
      ", \(parameters[trial.place].name) \(trial.value.plain) in "
        + trial.pairs.map { $0.map { "\($0)" }.joined(separator: "/") }.joined(separator: " ")
    }
    let back = held.map { $0.map { "\($0)" }.joined(separator: "/") }.joined(separator: " ")
    return "\(phase.rawValue): \(values.joined(separator: ", "))\(tried ?? ""), held \(back.isEmpty ? "none" : back), "
      + "step \(steps), spent \(spent.plain)"
  }
}

extension TuningStanding.Parameter {
  fileprivate init?(_ json: JSONValue) {
    guard let name = json["name"]?.text, let minimum = json["min"]?.double, let maximum = json["max"]?.double,
      minimum < maximum, let step = json["step"]?.double, let home = json["home"]?.double,
      let base = json["base"]?.double
    else { return nil }
    self.init(name: name, bounds: minimum...maximum, step: step, home: home, base: base)
  }
}

extension TuningStanding.Trial {
  fileprivate init?(_ json: JSONValue) {
    guard let place = json["place"]?.int, let value = json["value"]?.double, let crossover = json["pairs"],
      let number = crossover["number"]?.int, let pairs = TuningStanding.pairs(crossover)
    else { return nil }
    self.init(number: number, place: place, value: value, pairs: pairs)
  }

  var agents: Set<AgentID> { Set(pairs.joined()) }
}
