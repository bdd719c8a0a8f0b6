import FleetModel
import TestSupport
import Testing
import Wire

@testable import Handler
@testable import Insight

/// How a role's tuning is stored and read again.
@Suite struct RoleTuningCodingTests {
  private static let start = Instant(milliseconds: 1_795_334_400_000)

  /// A role as it stands after each of some minutes, through trials and adoptions.
  private func states(_ mode: Autonomy, minutes: Int = 1500) throws -> [RoleTuning] {
    let parameters = try ["a.heat", "timeout_s"].map { name in
      try #require(TunableParameter(name: name, minimum: 0, maximum: 10, step: 0.5, value: 5))
    }
    var settings = Dictionary(uniqueKeysWithValues: (1...16).map { (AgentID("a\($0)"), [5.0, 5.0]) })
    func members() -> [TuningRun.Member] {
      settings.sorted { $0.key.precedes($1.key) }.map { agent, values in
        let loss = min(1, 0.1 + abs(values[0] - 7) / 10 + abs(values[1] - 4) / 20)
        return TuningRun.Member(agent: agent, settings: values, isFree: true, minute: .loss(loss))
      }
    }
    var state = try #require(RoleTuning(parameters, seed: .max, members: members(), at: Self.start))
    var found = [state]
    for minute in 1...minutes {
      let at = Self.start + .minutes(Int64(minute))
      var sight = TuningRun.Sight(at, members: members(), mode: mode)
      if case .asking = state.phase { sight.answer = minute % 3 == 0 ? .approved : .none }
      if case .asksAdoption = state.phase { sight.answer = minute % 5 == 0 ? .approved : .none }
      let step = TuningRun.step(state, sight, TuningSettings())
      for order in step.orders {
        let place = try #require(parameters.firstIndex { $0.name == order.parameter })
        for agent in order.agents { settings[agent]?[place] = order.value }
      }
      guard let next = step.state else { break }
      state = next
      found.append(state)
    }
    return found
  }

  @Test(arguments: [Autonomy.auto, .propose])
  func whatIsWrittenIsRead(mode: Autonomy) throws {
    let states = try states(mode)
    var phases: Set<String> = []
    for state in states {
      let bytes = state.json.encoded
      let read = RoleTuning(json: try JSONValue.parse(bytes))
      #expect(read == state)
      #expect(bytes.count < TuningCoding.mostBytes / 4)
      phases.insert(state.json["phase"]?.text ?? "")
    }
    #expect(states.count > 300)
    #expect(phases.isSuperset(of: ["resting", "trying", "closing", "widening"]), "\(phases)")
    #expect(mode == .auto || phases.isSuperset(of: ["asking", "asks_adoption"]), "\(phases)")
  }

  /// Otherwise evidence of another objective would decide, after a takeover with other settings.
  @Test func whatIsMeasuredIsStored() throws {
    var state = try #require(try states(.auto, minutes: 5).last)
    let objective = try #require(TuningObjective("avg_rating", worst: 1.5, best: 5))
    for scale in [nil, .init(length: .seconds(10), objective: nil), .init(length: .minutes(1), objective: objective)]
      as [RoleTuning.Scale?]
    {
      state.scale = scale
      #expect(RoleTuning(json: try JSONValue.parse(state.json.encoded)) == state)
    }
    for text in [#"{"length":0}"#, #"{"length":1,"objective":{"name":"a","worst":1,"best":1}}"#, "7"] {
      var json = JSONObject()
      for member in state.json.object?.members ?? [] { json[member.key] = member.value }
      json["scale"] = try JSONValue.parse(Array(text.utf8))
      let read = try #require(RoleTuning(json: .object(json)))
      #expect(read.scale == nil, "\(text)")
    }
  }

  /// A larger value is not read: the next leader would take the role for none.
  @Test func theWorstStillIsRead() throws {
    func id(_ number: Int) -> AgentID {
      let digits = "\(number)"
      // Each byte of it is escaped.
      return AgentID(String(repeating: "\u{1}", count: RoleTuning.longestID - digits.utf8.count) + digits)
    }
    var state = try #require(try states(.auto, minutes: 5).last)
    let parameters = (0..<TunableParameter.mostOfAgent).compactMap { number in
      TunableParameter(
        name: String(repeating: "a", count: TunableParameter.mostNameBytes - 1) + "\(number)", minimum: -1.0 / 3,
        maximum: 1e300 / 3, step: 1e300 / 7, value: 1.0 / 3)
    }
    state.parameters = parameters.map {
      TunedParameter(
        $0, home: $0.value, base: $0.value, used: (1...16).map { 1 / Double($0) / 7 }, up: .init(gain: 1.0 / 3),
        down: .init(gain: -1.0 / 3))
    }
    func crossover(_ count: Int, from first: Int) -> Crossover {
      let sums = Array(repeating: 1e12 / 3, count: 4)
      let pairs = (0..<count).map {
        Crossover.Pair(
          id(first + 2 * $0), id(first + 2 * $0 + 1), began: 0, sums: sums, counts: Array(repeating: 1 << 39, count: 4))
      }
      return Crossover(number: 7, looksOut: true, pairs: pairs)
    }
    state.held = crossover(TuningSettings.mostHeld, from: 1000)
    let left = (0..<2 * TuningSettings.mostTried).map { id(3000 + $0) }
    state.phase = .trying(
      .init(
        place: 0, goesUp: true, value: 1.0 / 3, crossover: crossover(TuningSettings.mostTried, from: 2000),
        cost: 1.0 / 3,
        left: left))
    state.strays = (0..<RoleTuning.mostStrays).map { .init(id(4000 + $0), minutes: 1 << 39) }
    let bytes = state.json.encoded
    #expect(bytes.count < TuningCoding.mostBytes - 4096, "\(bytes.count)")
    #expect(RoleTuning(json: try JSONValue.parse(bytes)) == state)
  }

  /// Otherwise a takeover would forget who may still run with what it should not.
  @Test func whoCouldNotBeToldIsStored() throws {
    var state = try #require(try states(.auto, minutes: 5).last)
    state.strays = [.init("a1", minutes: 3), .init("b\u{7}", minutes: 0)]
    #expect(RoleTuning(json: try JSONValue.parse(state.json.encoded)) == state)
    state.strays = (0...RoleTuning.mostStrays).map { .init(AgentID("a\($0)")) }
    #expect(RoleTuning(json: try JSONValue.parse(state.json.encoded)) == nil)
  }

  @Test func whatIsNoneIsNoneAndNothingElseHappens() throws {
    for text in ["{}", "[]", "7", "null", #"{"seed":1}"#, #"{"seed":1,"minute":1,"parameters":[],"phase":"resting"}"#] {
      #expect(RoleTuning(json: try JSONValue.parse(Array(text.utf8))) == nil, "\(text)")
    }
    let state = try #require(try states(.auto, minutes: 60).last)
    let members = state.json.object?.members ?? []
    for place in members.indices {
      for value in [.null, .integer(.max), .integer(.min), .number(-1e300), "x", [], ["a": 1]] as [JSONValue] {
        var json = JSONObject()
        for (index, member) in members.enumerated() { json[member.key] = index == place ? value : member.value }
        guard let read = RoleTuning(json: .object(json)) else { continue }
        // What is taken can be gone on with.
        let sight = TuningRun.Sight(read.minute + .minutes(1), members: [], mode: .auto)
        _ = TuningRun.step(read, sight, TuningSettings())
      }
    }
  }

  @Test func settingsAreWrittenAsAPersonWould() {
    #expect(
      [25.0, 0.3, -2, 1e15, 0.1 + 0.2].map(\.settingText) == [
        "25", "0.3", "-2", "1000000000000000", "0.30000000000000004",
      ])
  }
}
