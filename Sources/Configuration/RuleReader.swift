import Automation
import FleetModel

/// Reads one rule of a runbook.
struct RuleReader {
  private let section: FileSection
  private let metrics: MetricTable
  private static let keys = [
    "id", "title", "on", "when", "say", "clear", "for", "throttle", "limits", "mode", "approve", "do", "verify", "undo",
  ]

  /// - Parameter metrics: the open metrics that there are.
  init(_ section: FileSection, _ metrics: MetricTable) {
    (self.section, self.metrics) = (section, metrics)
  }

  func rule() throws(ConfigurationError) -> Rule {
    try section.allow(Self.keys, in: "a rule")
    var rule = Rule(id: try id(), on: try events())
    rule.line = section.line
    rule.title = try title()
    rule.when = try condition("when", of: section) ?? .always
    rule.say = try words()
    rule.clear = try condition("clear", of: section)
    rule.for = try count("for", of: section)
    rule.throttle = try throttles()
    rule.limits = try limits()
    rule.mode = try section.choice("mode") ?? .auto
    rule.approval = try approval()
    rule.ruleActions = try ruleActions("do", of: section)
    guard !rule.ruleActions.isEmpty else { throw section.fault("do", "names no action; a rule needs one at least") }
    rule.verification = try verification()
    rule.undo = try ruleActions("undo", of: section)
    guard rule.undo.isEmpty || rule.verification != nil || rule.clear != nil else {
      throw section.fault("undo", "is never reached: the rule has neither \"verify\" nor \"clear\"")
    }
    // What takes back passes no guards.
    for action in [Action.pause, .restart] where rule.undo.contains(where: { $0.kind == .action(action) }) {
      throw section.fault("undo", "holds \"\(action.rawValue)\"; what takes back neither pauses nor restarts")
    }
    // Nor is it looked at which versions were named worse.
    let verify = try section.section("verify") ?? section
    for (place, key, ruleActions) in [
      (section, "undo", rule.undo), (verify, "else", rule.verification?.otherwise ?? []),
    ] where ruleActions.contains(where: { $0.kind == .action(.rollback) }) {
      throw place.fault(key, "holds \"rollback\"; a rule rolls back in \"do\" alone")
    }
    guard !rule.undo.contains(where: { $0.kind == .recommended }) else {
      throw section.fault("undo", "holds \"recommended\"; what takes back is not left to an event")
    }
    try check(namesIn: rule)
    return rule
  }

  /// What becomes of the actions is known once they are done, and nobody can ask for it before. No rule can ask for a
  /// metric that there is not.
  private func check(namesIn rule: Rule) throws(ConfigurationError) {
    let verify = try section.section("verify") ?? section
    let places: [(FileSection, String, Set<FactName>)] = [
      (section, "when", rule.when.names), (section, "say", rule.say?.names ?? []),
      (section, "clear", rule.clear?.names ?? []),
      (section, "do", rule.ruleActions.names), (verify, "else", rule.verification?.otherwise.names ?? []),
      (section, "undo", rule.undo.names),
    ]
    for (section, key, names) in places {
      if let name = names.first(where: \.isOfRun) {
        throw section.fault(key, "asks for \(name), which is known only in verify.when, once the actions are done")
      }
      try check(metricsIn: names, section, key)
    }
    if let verification = rule.verification { try check(metricsIn: verification.when.names, verify, "when") }
  }

  private func check(
    metricsIn names: Set<FactName>, _ section: FileSection, _ key: String
  ) throws(ConfigurationError) {
    let known = Metric.allCases.map(\.field) + metrics.metrics.map(\.name)
    let unknown = names.filter { name in name.metric.map { !known.contains($0) } ?? false }
    guard let name = unknown.min(by: { $0.description < $1.description }) else { return }
    throw section.fault(
      key,
      "asks for \(name), which is no metric; there are \(known.joined(separator: ", ")), and those that the "
        + "settings declare under [metrics]")
  }

  private func id() throws(ConfigurationError) -> String {
    let expected = "a name of letters, digits, - and _"
    guard let id = try section.text("id", expected: expected), !id.isEmpty, id.utf8.count <= 64,
      id.utf8.allSatisfy({ Self.isPlain($0) })
    else { throw section.fault("id", expected: expected) }
    return id
  }

  private func title() throws(ConfigurationError) -> String? {
    let expected = "a few words on one line, at most \(Rule.longestTitle) bytes, such as \"high traffic\""
    guard let title = try section.text("title", expected: expected) else { return nil }
    guard !title.isEmpty, title.utf8.count <= Rule.longestTitle,
      title.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
    else {
      throw section.fault("title", "is \"\(title.clipped(toBytes: 256))\"; expected \(expected)")
    }
    return title
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
  }

  private func events() throws(ConfigurationError) -> [String] {
    let expected = "a type of event such as \"agent.high_traffic\", or a list of them"
    if let list = try? section.texts("on", expected: expected), !list.isEmpty { return list }
    guard let one = try section.text("on", expected: expected), !one.isEmpty else {
      throw section.fault("on", expected: expected)
    }
    return [one]
  }

  private func condition(_ key: String, of section: FileSection) throws(ConfigurationError) -> Condition? {
    guard let text = try section.text(key, expected: "a condition such as \"data.error_rate >= 0.25\"") else {
      return nil
    }
    do throws(Condition.Malformed) {
      return try Condition(text)
    } catch {
      throw section.fault(key, "is \"\(text.clipped(toBytes: 256))\": at character \(error.column) \(error.problem)")
    }
  }

  private func words() throws(ConfigurationError) -> RuleText? {
    let expected = "a text such as \"error rate {data.error_rate}\""
    guard let text = try section.text("say", expected: expected) else { return nil }
    do throws(RuleText.Malformed) {
      return try RuleText(text)
    } catch {
      throw section.fault("say", "is \"\(text.clipped(toBytes: 256))\": \(error.problem)")
    }
  }

  private func count(_ key: String, of section: FileSection) throws(ConfigurationError) -> Rule.Count? {
    let expected = "a table such as { count = 3, within = \"1h\" }"
    guard let table = try section.section(key, expected: expected) else { return nil }
    try table.allow(["count", "within"], in: "\"\(key)\"")
    guard let count = try table.integer("count", in: 1...Rule.Count.most), let within = try table.span("within") else {
      throw section.fault(key, "lacks count or within; expected \(expected)")
    }
    return Rule.Count(count: count, within: within)
  }

  private func throttles() throws(ConfigurationError) -> [Rule.Throttle] {
    var throttles: [Rule.Throttle] = []
    for table in try section.sections("throttle") {
      try table.allow(["once_within", "once_after", "per"], in: "a throttle")
      let throttle = Rule.Throttle(
        onceWithin: try table.span("once_within", atMost: Rule.Throttle.longest),
        onceAfter: try table.span("once_after", atMost: Rule.Throttle.longest),
        per: try table.choice("per") ?? .agent)
      guard (throttle.onceWithin == nil) != (throttle.onceAfter == nil) else {
        throw table.fault(nil, "needs once_within or once_after, one of both")
      }
      throttles.append(throttle)
    }
    return throttles
  }

  private func limits() throws(ConfigurationError) -> Rule.Limits {
    guard let table = try section.section("limits") else { return Rule.Limits() }
    try table.allow(["per_agent", "rate", "escalate_to"], in: "limits")
    var limits = Rule.Limits(perAgent: try count("per_agent", of: table), rate: try count("rate", of: table))
    if let whom = try table.text("escalate_to", expected: "a team or person") { limits.escalateTo = whom }
    return limits
  }

  private func approval() throws(ConfigurationError) -> Rule.Approval {
    var approval = Rule.Approval()
    guard let table = try section.section("approve") else { return approval }
    try table.allow(["ttl", "on_expire"], in: "approve")
    if let span = try table.span("ttl", atMost: .days(7)) { approval.lifetime = span }
    if let end: Rule.Approval.End = try table.choice("on_expire") { approval.onExpire = end }
    return approval
  }

  private func verification() throws(ConfigurationError) -> Rule.Verification? {
    guard let table = try section.section("verify") else { return nil }
    try table.allow(["after", "when", "else"], in: "verify")
    guard let after = try table.span("after", atMost: .days(1)) else {
      throw table.fault("after", expected: "a span such as \"1m\"")
    }
    guard let when = try condition("when", of: table) else {
      throw table.fault("when", expected: "a condition such as \"agent.state == 'running'\"")
    }
    return Rule.Verification(after: after, when: when, otherwise: try ruleActions("else", of: table))
  }

  private func ruleActions(_ key: String, of section: FileSection) throws(ConfigurationError) -> [RuleAction] {
    var ruleActions: [RuleAction] = []
    for table in try section.sections(key, expected: "a list of actions such as [{ action = \"pause\" }]") {
      ruleActions.append(try RuleActionReader(table).ruleAction())
    }
    return ruleActions
  }
}
