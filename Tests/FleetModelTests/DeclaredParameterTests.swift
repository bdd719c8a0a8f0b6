import TestSupport
import Testing
import Wire

@testable import FleetModel

/// What agents let others set, as they say it of themselves.
@Suite struct DeclaredParameterTests {
  private var fleet = Fleet()

  private func names(_ agent: AgentID) -> [String]? { fleet[agent]?.profile.parameters.map(\.name) }

  private static let timeout = #""timeout_s":{"min":5,"max":60,"step":5,"value":20}"#

  @Test mutating func theyComeWithTheDescriptionAndStay() throws {
    let data = #"{"parameters":{\#(Self.timeout),"routing_share":{"value":1,"step":1e-1,"max":2,"min":0.2}}}"#
    try fleet.apply("created", "a", data, at: .at(0))
    let share = try #require(
      TunableParameter(name: "routing_share", minimum: 0.2, maximum: 2, step: 0.1, value: 1))
    let timeout = try #require(TunableParameter(name: "timeout_s", minimum: 5, maximum: 60, step: 5, value: 20))
    #expect(fleet["a"]?.profile.parameters == [share, timeout])
    try fleet.apply("updated", "a", #"{"name":"x"}"#, at: .at(1))
    #expect(names("a") == ["routing_share", "timeout_s"])
    try fleet.apply("metrics", "a", #"{"parameters":{}}"#, at: .at(2))
    #expect(names("a") == ["routing_share", "timeout_s"])
    try fleet.apply("updated", "a", #"{"parameters":{\#(Self.timeout)}}"#, at: .at(3))
    #expect(names("a") == ["timeout_s"])
    try fleet.apply("updated", "a", #"{"parameters":null}"#, at: .at(4))
    #expect(names("a") == [])
  }

  @Test(arguments: [
    #""x":{"min":5,"max":5,"step":1,"value":5}"#, #""x":{"min":1,"max":5,"step":9,"value":5}"#,
    #""x":{"min":1,"max":5,"step":0,"value":5}"#, #""x":{"min":1,"max":5,"step":1,"value":6}"#,
    #""x":{"min":1,"max":5,"step":1}"#, #""x":{"min":"1","max":5,"step":1,"value":2}"#,
    #""x":{"min":1,"max":1e999,"step":1,"value":2}"#, #""x":{"min":[1],"max":5,"step":1,"value":2}"#,
    #""x":{"a":{"min":1,"max":5,"step":1,"value":2}}"#, #""x":[1,5,1,2]"#, #""x":null"#, #""x":7"#, #""x":"min""#,
    #""X":{"min":1,"max":5,"step":1,"value":2}"#, #" "":{"min":1,"max":5,"step":1,"value":2}"#,
    #""a\u0000":{"min":1,"max":5,"step":1,"value":2}"#, #""é":{"min":1,"max":5,"step":1,"value":2}"#,
  ])
  mutating func whatDoesNotHoldIsLeftOut(one: String) throws {
    let applied = try fleet.apply(
      "updated", "a", #"{"parameters":{\#(one),\#(Self.timeout)},"name":"n"}"#, at: .at(0))
    #expect(applied == .applied(0) && fleet["a"]?.name == "n")
    #expect(names("a") == ["timeout_s"])
  }

  @Test(arguments: ["[]", "7", #""timeout_s""#, "true", "{}", #"[{"min":1}]"#])
  mutating func whatIsNoObjectDeclaresNothing(value: String) throws {
    try fleet.apply("updated", "a", #"{"parameters":\#(value)}"#, at: .at(0))
    #expect(names("a") == [])
  }

  @Test mutating func noMoreThanEightAreTakenWithBoundedNames() throws {
    let bounds = #"{"min":1,"max":5,"step":1,"value":2}"#
    let many = (0..<5000).map { #""p\#($0)":\#(bounds)"# }.joined(separator: ",")
    try fleet.apply("updated", "a", #"{"parameters":{\#(many)}}"#, at: .at(0))
    #expect(names("a") == (0..<8).map { "p\($0)" })
    let (longest, longer) = (String(repeating: "a", count: 40), String(repeating: "b", count: 41))
    try fleet.apply("updated", "a", #"{"parameters":{"\#(longest)":\#(bounds),"\#(longer)":\#(bounds)}}"#, at: .at(1))
    #expect(names("a") == [longest])
  }

  @Test mutating func ofANameThatStandsTwiceTheLastCounts() throws {
    let twice = #"{"p":{"min":1,"max":5,"step":1,"value":2},"p":{"min":1,"max":9,"step":1,"value":2}}"#
    try fleet.apply("updated", "a", #"{"parameters":\#(twice)}"#, at: .at(0))
    #expect(fleet["a"]?.profile.parameters.map(\.maximum) == [9])
  }

  @Test mutating func aHandlerThatTakesOverKnowsThem() throws {
    let data = #"{"parameters":{\#(Self.timeout),"heat":{"min":0.1,"max":0.7,"step":0.2,"value":0.3}}}"#
    try fleet.apply("updated", "a", data, at: .at(0))
    let before = try #require(fleet["a"]?.profile)
    fleet = Fleet()
    try fleet.apply(json: AgentProfileCoding.encode(before), at: .at(1))
    #expect(before.parameters.count == 2 && fleet["a"]?.profile.parameters == before.parameters)
  }
}
