import Automation
import FleetModel

/// Reads one action of a rule: its name, what is special to rules, and its arguments by the table of actions.
struct RuleActionReader {
  private let section: FileSection
  private static let own = ["action", "target", "when", "each", "on_error"]

  init(_ section: FileSection) {
    self.section = section
  }

  func ruleAction() throws(ConfigurationError) -> RuleAction {
    var ruleAction = RuleAction(try kind())
    ruleAction.target = try text("target")
    if ruleAction.target != nil, case .action(let action) = ruleAction.kind, action == .pause || action == .restart {
      throw section.fault(
        "target", "stands beside \"\(action.rawValue)\"; a rule pauses or restarts its own agent only")
    }
    ruleAction.when = try condition() ?? .always
    ruleAction.each = try each()
    ruleAction.onError = try section.choice("on_error") ?? .continue
    ruleAction.arguments = try arguments(of: ruleAction.kind)
    return ruleAction
  }

  private func kind() throws(ConfigurationError) -> RuleAction.Kind {
    let expected = "an action's name"
    guard let name = try section.text("action", expected: expected) else {
      throw section.fault("action", expected: expected)
    }
    if name == "report" {
      guard let what = try section.text("name", expected: "the report's name") else {
        throw section.fault("name", expected: "the report's name")
      }
      return .report(what)
    }
    if name == "recommended" { return .recommended }
    guard let action = Action(rawValue: name), !Self.personal.contains(action) else {
      let known = Action.allCases.filter { !Self.personal.contains($0) }.map(\.rawValue)
      throw section.fault(
        "action",
        "is \"\(name.clipped(toBytes: 64))\"; a rule can \((known + ["report", "recommended"]).joined(separator: ", "))"
      )
    }
    return .action(action)
  }

  /// What a report can hold besides the event and the rule.
  private static let reported = ["text", "conversations", "feedback"]

  /// What only a person does.
  private static let personal: Set<Action> = [
    .acknowledge, .unacknowledge, .unsilence, .close, .approve, .reject, .undo, .automation,
    .take, .handBack, .closeConversation, .drain, .planMaintenance, .cancelMaintenance,
  ]

  private func condition() throws(ConfigurationError) -> Condition? {
    guard let text = try section.text("when", expected: "a condition") else { return nil }
    do throws(Condition.Malformed) {
      return try Condition(text)
    } catch {
      throw section.fault("when", "is \"\(text.clipped(toBytes: 256))\": at character \(error.column) \(error.problem)")
    }
  }

  private func each() throws(ConfigurationError) -> FactName? {
    guard let text = try section.text("each", expected: "the name of a list, as data.suspicious_ips") else {
      return nil
    }
    guard let name = FactName(text) else { throw section.fault("each", FactName.problem(of: text) ?? "") }
    return name
  }

  private func arguments(of kind: RuleAction.Kind) throws(ConfigurationError) -> [String: RuleText] {
    guard case .action(let action) = kind else {
      try section.allow(
        Self.own + (kind == .recommended ? [] : ["name"] + Self.reported),
        in: "\"\(kind == .recommended ? "recommended" : "report")\"")
      var arguments: [String: RuleText] = [:]
      for name in Self.reported { arguments[name] = try text(name) }
      return arguments
    }
    let parameters = action.parameters
    try section.allow(Self.own + parameters.map(\.name), in: "\"\(action.rawValue)\" in a rule")
    var arguments: [String: RuleText] = [:]
    for parameter in parameters {
      guard let text = try text(parameter.name) else {
        guard !parameter.isRequired else { throw section.fault(parameter.name, expected: "the argument of that name") }
        continue
      }
      // What facts fill in is known only when the rule acts.
      if case .text(let literal)? = text.parts.first, text.parts.count == 1, let fault = parameter.fault(of: literal) {
        throw section.fault(parameter.name, fault)
      }
      arguments[parameter.name] = text
    }
    return arguments
  }

  private func text(_ key: String) throws(ConfigurationError) -> RuleText? {
    guard let text = try section.scalar(key) else { return nil }
    do throws(RuleText.Malformed) {
      return try RuleText(text)
    } catch {
      throw section.fault(key, error.problem)
    }
  }
}
