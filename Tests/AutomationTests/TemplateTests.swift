import Automation
import Testing

@Suite struct TemplateTests {
  private func fill(_ source: String, escape: (String) -> String = { $0 }) throws -> String {
    let template = try Template(source, environment: ["TOKEN": "s3cret"])
    return template.filled(
      { place in
        switch place {
        case .agent: "agent-1"
        case .argument("replicas"): "3"
        case .argument: ""
        case .action, .commandID, .operator, .reason, .key, .until: "\(place)"
        }
      }, escape: escape)
  }

  @Test(arguments: [
    ("", ""), ("plain", "plain"), ("/agents/{agent}", "/agents/agent-1"), ("{args.replicas}{args.none}", "3"),
    ("{{\"n\": {args.replicas}}}", "{\"n\": 3}"), ("Bearer {env.TOKEN}", "Bearer s3cret"),
    ("{key}-{until}", "key-until"),
  ])
  func placesAreFilled(source: String, expected: String) throws { #expect(try fill(source) == expected) }

  @Test func onlyWhatIsFilledInIsEscaped() throws {
    #expect(try fill("<{agent}>") { $0.uppercased() } == "<AGENT-1>")
  }

  @Test(arguments: [
    ("{agent", "\"{\" has no \"}\"; write {{ for a brace"), ("agent}", "\"}\" has no \"{\"; write }} for a brace"),
    ("{env.MISSING}", "{env.MISSING}: the environment has no variable MISSING"),
  ])
  func whatIsMalformedIsNamed(source: String, problem: String) {
    #expect(throws: Template.Malformed.self) { try fill(source) }
    do throws(Template.Malformed) { _ = try Template(source) } catch { #expect(error.problem == problem) }
  }

  @Test(arguments: ["{Agent}", "{}", "{args.}", "{host}"])
  func unknownPlaceIsRefused(source: String) {
    #expect(throws: Template.Malformed.self) { try fill(source) }
  }

  @Test func whatHoldsTheEnvironmentIsSecret() throws {
    #expect(try Template("{env.TOKEN}", environment: ["TOKEN": "x"]).variables == ["TOKEN"])
    #expect(try Template("{env.TOKEN}{env.TOKEN}", environment: ["TOKEN": "x"]).variables == ["TOKEN"])
    #expect(try Template("{agent}").variables.isEmpty)
  }

  @Test func longTextsTakeNoStack() throws {
    let places = String(repeating: "{agent}{{}}", count: 50_000)
    #expect(try Template(places).filled { _ in "x" } == String(repeating: "x{}", count: 50_000))
    #expect(try RuleText(String(repeating: "{item}{{}}", count: 50_000)).parts.count == 100_000)
    let open = String(repeating: "{", count: 200_001)
    #expect(throws: Template.Malformed.self) { try Template(open) }
    #expect(throws: RuleText.Malformed.self) { try RuleText(open) }
  }
}
