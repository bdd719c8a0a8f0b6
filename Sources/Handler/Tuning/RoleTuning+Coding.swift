import FleetModel
import Insight
import Wire

/// `state` of ``TuningCoding``: what the handler goes on by.
extension RoleTuning {
  var json: JSONValue {
    var json = JSONObject()
    json["seed"] = .integer(Int64(bitPattern: seed))
    json["draws"] = .integer(Int64(draws))
    json["steps"] = .integer(Int64(steps))
    json["minute"] = .instant(minute)
    json["scale"] = scale?.json
    json["parameters"] = .array(parameters.map(\.json))
    json["held"] = held?.json
    json["spent"] = .number(spent)
    json["ordered"] = orderedAt.map { .instant($0) }
    if isBehind { json["behind"] = true }
    if repeats > 0 { json["repeats"] = .integer(Int64(repeats)) }
    if !strays.isEmpty { json["strays"] = .array(strays.map(\.json)) }
    add(phase, to: &json)
    return .object(json)
  }

  private func add(_ phase: Phase, to json: inout JSONObject) {
    json["phase"] = .string(phase.word)
    switch phase {
    case .resting: break
    case .asking(let trial), .trying(let trial), .asksAdoption(let trial): json["trial"] = trial.json
    case .closing(let trial, let minutes):
      json["trial"] = trial.json
      json["minutes"] = .integer(Int64(minutes))
    case .widening(let widening):
      json["place"] = .integer(Int64(widening.place))
      json["from"] = .number(widening.from)
      json["share"] = .number(widening.share)
      json["first"] = .agents(widening.first)
      json["number"] = .integer(Int64(widening.number))
      json["minutes"] = .integer(Int64(widening.minutes))
    case .returning(let back):
      json["minutes"] = .integer(Int64(back.minutes))
      json["settled"] = .integer(Int64(back.settled))
    }
  }

  /// Nil for what cannot have been written here.
  init?(json: JSONValue) {
    guard case .integer(let seed)? = json["seed"], let minute = json["minute"]?.instant,
      let stored = json["parameters"]?.list, stored.count <= TunableParameter.mostOfAgent,
      let phase = Self.phase(json)
    else { return nil }
    let parameters = stored.compactMap { TunedParameter(json: $0) }
    guard parameters.count == stored.count else { return nil }
    self.init(seed: UInt64(bitPattern: seed), minute: minute, parameters: parameters)
    self.phase = phase
    scale = json["scale"].flatMap { Scale(json: $0) }
    (draws, steps) = (json["draws"]?.int ?? 0, json["steps"]?.int ?? 0)
    spent = json["spent"]?.double ?? 0
    orderedAt = json["ordered"]?.instant
    (isBehind, repeats) = (json["behind"]?.bool ?? false, json["repeats"]?.int ?? 0)
    let strays = json["strays"]?.list ?? []
    guard strays.count <= Self.mostStrays else { return nil }
    self.strays = strays.compactMap { Stray(json: $0) }
    if let held = json["held"] {
      guard let held = Crossover(json: held) else { return nil }
      self.held = held
    }
    guard isSound else { return nil }
  }

  private static func phase(_ json: JSONValue) -> Phase? {
    let trial = json["trial"].flatMap { Trial(json: $0) }
    switch json["phase"]?.text {
    case "resting": return .resting
    case "asking": return trial.map { .asking($0) }
    case "trying": return trial.map { .trying($0) }
    case "asks_adoption": return trial.map { .asksAdoption($0) }
    case "closing":
      guard let trial, let minutes = json["minutes"]?.int else { return nil }
      return .closing(trial, minutes)
    case "widening":
      guard let place = json["place"]?.int, let from = json["from"]?.double, let share = json["share"]?.double,
        let number = json["number"]?.int, let minutes = json["minutes"]?.int
      else { return nil }
      return .widening(
        Widening(
          place: place, from: from, share: share, first: json["first"]?.agents ?? [], number: number,
          minutes: minutes))
    case "returning":
      guard let minutes = json["minutes"]?.int, let settled = json["settled"]?.int else { return nil }
      return .returning(Return(minutes: minutes, settled: settled))
    default: return nil
    }
  }
}

extension RoleTuning.Phase {
  /// As it is stored.
  fileprivate var word: String {
    switch self {
    case .resting: "resting"
    case .asking: "asking"
    case .trying: "trying"
    case .closing: "closing"
    case .asksAdoption: "asks_adoption"
    case .widening: "widening"
    case .returning: "returning"
    }
  }
}

extension RoleTuning.Scale {
  fileprivate var json: JSONValue {
    var json = JSONObject()
    json["length"] = .integer(length.milliseconds)
    json["objective"] = objective.map {
      ["name": .string($0.name), "worst": .number($0.worst), "best": .number($0.best)]
    }
    return .object(json)
  }

  /// Nil for what is none: then it counts as not known.
  fileprivate init?(json: JSONValue) {
    guard let length = json["length"]?.int, length > 0 else { return nil }
    self.init(length: TimeSpan(milliseconds: Int64(length)), objective: nil)
    guard let stored = json["objective"] else { return }
    guard let name = stored["name"]?.text, let worst = stored["worst"]?.double, let best = stored["best"]?.double,
      let objective = TuningObjective(name, worst: worst, best: best)
    else { return nil }
    self.objective = objective
  }
}

extension RoleTuning.Stray {
  fileprivate var json: JSONValue { ["agent": .string(agent.bytes), "minutes": .integer(Int64(minutes))] }

  fileprivate init?(json: JSONValue) {
    guard let agent = json["agent"]?.bytes.flatMap({ AgentID(outside: $0) }), let minutes = json["minutes"]?.int else {
      return nil
    }
    self.init(agent, minutes: minutes)
  }
}

extension RoleTuning.Trial {
  fileprivate var json: JSONValue {
    [
      "place": .integer(Int64(place)), "up": .bool(goesUp), "value": .number(value), "pairs": crossover.json,
      "cost": .number(cost), "left": .agents(left),
    ]
  }

  fileprivate init?(json: JSONValue) {
    guard let place = json["place"]?.int, let goesUp = json["up"]?.bool, let value = json["value"]?.double,
      let crossover = json["pairs"].flatMap({ Crossover(json: $0) })
    else { return nil }
    self.init(
      place: place, goesUp: goesUp, value: value, crossover: crossover, cost: json["cost"]?.double ?? 0,
      left: json["left"]?.agents ?? [])
  }
}

extension TunedParameter {
  fileprivate var json: JSONValue {
    [
      "name": .string(parameter.name), "min": .number(parameter.minimum), "max": .number(parameter.maximum),
      "step": .number(parameter.step), "value": .number(parameter.value), "home": .number(home),
      "base": .number(base), "used": .array(used.map { .number($0) }), "up": up.json, "down": down.json,
    ]
  }

  fileprivate init?(json: JSONValue) {
    guard let name = json["name"]?.text, let minimum = json["min"]?.double, let maximum = json["max"]?.double,
      let step = json["step"]?.double, let value = json["value"]?.double, let home = json["home"]?.double,
      let base = json["base"]?.double, let up = json["up"].flatMap({ Direction(json: $0) }),
      let down = json["down"].flatMap({ Direction(json: $0) }),
      let parameter = TunableParameter(name: name, minimum: minimum, maximum: maximum, step: step, value: value)
    else { return nil }
    self.init(
      parameter, home: home, base: base, used: (json["used"]?.list ?? []).compactMap(\.double), up: up, down: down)
  }
}

extension TunedParameter.Direction {
  fileprivate var json: JSONValue {
    ["rests": .instant(restsUntil), "failures": .integer(Int64(failures)), "gain": .number(gain)]
  }

  fileprivate init?(json: JSONValue) {
    guard let rests = json["rests"]?.instant, let failures = json["failures"]?.int,
      let gain = json["gain"]?.double
    else { return nil }
    self.init(restsUntil: rests, failures: failures, gain: gain)
  }
}

extension Crossover {
  fileprivate var json: JSONValue {
    [
      "number": .integer(Int64(number)), "looks_out": .bool(looksOut), "pairs": .array(pairs.map(\.json)),
      "round": .integer(Int64(round)), "minute": .integer(Int64(minute)), "better": better.json, "worse": worse.json,
      "count": .integer(Int64(tally.count)), "other": .number(tally.other), "before": .number(tally.before),
      "sizes": .number(tally.sizes),
    ]
  }

  fileprivate init?(json: JSONValue) {
    guard let number = json["number"]?.int, let looksOut = json["looks_out"]?.bool, let stored = json["pairs"]?.list,
      stored.count <= Self.mostStored, let round = json["round"]?.int, let minute = json["minute"]?.int,
      let better = json["better"].flatMap({ Wealth(json: $0) }),
      let worse = json["worse"].flatMap({ Wealth(json: $0) })
    else { return nil }
    let pairs = stored.compactMap { Pair(json: $0) }
    guard pairs.count == stored.count else { return nil }
    self.init(number: number, looksOut: looksOut, pairs: pairs, better: better, worse: worse)
    (self.round, self.minute) = (round, minute)
    tally.count = json["count"]?.int ?? 0
    (tally.other, tally.before) = (json["other"]?.double ?? 0, json["before"]?.double ?? 0)
    tally.sizes = json["sizes"]?.double ?? 0
  }

  private static let mostStored = 64
}

extension Crossover.Pair {
  fileprivate var json: JSONValue {
    [
      "first": .string(first.bytes), "second": .string(second.bytes), "began": .integer(Int64(began)),
      "sums": .array(sums.map { .number($0) }), "counts": .array(counts.map { .integer(Int64($0)) }),
    ]
  }

  fileprivate init?(json: JSONValue) {
    guard let first = json["first"]?.bytes.flatMap({ AgentID(outside: $0) }),
      let second = json["second"]?.bytes.flatMap({ AgentID(outside: $0) }), let began = json["began"]?.int
    else { return nil }
    self.init(
      first, second, began: began, sums: (json["sums"]?.list ?? []).compactMap(\.double),
      counts: (json["counts"]?.list ?? []).compactMap(\.int))
  }
}

extension Wealth {
  fileprivate var json: JSONValue { .array(parts.map { .number($0) }) }

  fileprivate init?(json: JSONValue) {
    guard let list = json.list else { return nil }
    self.init(parts: list.compactMap(\.double))
  }
}

extension JSONValue {
  fileprivate static func agents(_ agents: [AgentID]) -> JSONValue { .array(agents.map { .string($0.bytes) }) }

  /// Milliseconds since the epoch.
  fileprivate static func instant(_ instant: Instant) -> JSONValue { .integer(instant.milliseconds) }

  fileprivate var instant: Instant? { int.map { Instant(milliseconds: Int64($0)) } }

  fileprivate var agents: [AgentID] { (list ?? []).compactMap { $0.bytes.flatMap { AgentID(outside: $0) } } }
}
