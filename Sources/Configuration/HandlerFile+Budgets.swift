import FleetModel

/// What agents may use a day, and where a day begins:
///
/// ```toml
/// zone = "Europe/Lisbon"       # a day begins at its midnight; UTC if it is left out
///
/// [[budgets]]
/// agent = "sales-*"            # each agent that fits may use as much; * stands for any bytes
/// cost = 50                    # in the currency of the file; or tokens = 2_000_000
///
/// [[budgets]]
/// role = "support"             # the role's agents together; without agent and role: all agents together
/// tokens = 100_000_000
/// ```
extension HandlerFile {
  static func budgets(in top: FileSection) throws(ConfigurationError) -> [Budget] {
    let sections = try top.sections("budgets")
    guard sections.count <= Budget.mostEntries else {
      throw top.fault("budgets", "has \(sections.count) entries; expected \(Budget.mostEntries) at most")
    }
    var budgets: [Budget] = []
    for section in sections { budgets.append(try budget(section)) }
    return budgets
  }

  /// - Parameter readFile: gives the content of a file; nil if it cannot be read.
  static func zone(
    in top: FileSection, _ readFile: (String) -> [UInt8]?
  ) throws(ConfigurationError) -> Zone? {
    let expected = "the name of a time zone such as \"Europe/Lisbon\""
    guard let name = try top.text("zone", expected: expected) else { return nil }
    guard Zone.isName(name) else { throw top.fault("zone", expected: expected) }
    if name == Zone.utc.name { return .utc }
    guard let file = readFile(Zone.folder + name) else {
      throw top.fault("zone", expected: "\(expected), which this machine has in \(Zone.folder)")
    }
    guard let zone = Zone(name: name, file: file) else {
      throw top.fault("zone", "\(Zone.folder)\(name) is no file of a time zone")
    }
    return zone
  }

  private static func budget(_ section: FileSection) throws(ConfigurationError) -> Budget {
    try section.allow(["agent", "role", "cost", "tokens"], in: "an entry of budgets")
    let (agent, role) = (try pattern("agent", of: section), try pattern("role", of: section))
    if agent != nil, role != nil { throw section.fault("role", "stands beside agent; expected one of them") }
    let scope = agent.map { Budget.Scope.agent($0) } ?? role.map { .role($0) } ?? .fleet
    let units = Budget.Unit.allCases.filter { section.holds($0.rawValue) }
    guard let unit = units.first, units.count == 1 else {
      throw section.fault(nil, "expected cost or tokens, one of them")
    }
    guard let most = try section.number(unit.rawValue, in: 0...1e15), most > 0 else {
      throw section.fault(unit.rawValue, expected: "a number above 0")
    }
    return Budget(scope, unit, most: most)
  }
}
