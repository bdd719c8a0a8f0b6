import Automation
import FleetModel

/// Which notices go to which channels, see ``NotifyReader``.
extension NotifyReader {
  func routes(_ top: FileSection, _ table: NotifyTable) throws(ConfigurationError) -> [Route] {
    var routes: [Route] = []
    for section in try top.sections("routes", expected: "tables, each [[routes]]") {
      try section.allow(
        ["severity", "role", "rule", "hours", "utc_offset", "to", "continue"], in: "a route")
      guard let to = try targets(section, "to", table) else {
        throw section.fault("to", expected: "an array of channels' names")
      }
      var route = Route(to: to)
      if let severity: Severity = try section.choice("severity") { route.severity = severity }
      route.role = try section.text("role", expected: "a role, with * for any characters")
      route.rule = try section.text("rule", expected: "a rule's id, with * for any characters")
      route.hours = try hours(section)
      route.goesOn = try section.flag("continue") ?? false
      routes.append(route)
    }
    return routes
  }

  private func hours(_ section: FileSection) throws(ConfigurationError) -> DayHours? {
    let offset = try section.text("utc_offset", expected: "an offset such as \"+01:00\"") ?? ""
    guard let text = try section.text("hours", expected: "hours such as \"22:00-06:00\"") else {
      guard section.holds("utc_offset") else { return nil }
      throw section.fault("utc_offset", "stands without hours; expected hours such as \"22:00-06:00\" beside it")
    }
    guard DayHours("00:00-24:00", offset: offset) != nil else {
      throw section.fault("utc_offset", expected: "an offset such as \"+01:00\"")
    }
    guard let hours = DayHours(text, offset: offset) else {
      throw section.fault("hours", expected: "hours such as \"22:00-06:00\"")
    }
    return hours
  }

  func targets(
    _ section: FileSection, _ key: String, _ table: NotifyTable
  ) throws(ConfigurationError) -> [String]? {
    guard let names = try section.texts(key, expected: "an array of channels' names") else { return nil }
    for (place, name) in names.enumerated() where table[name] == nil {
      let known = table.channels.keys.sorted().joined(separator: ", ")
      throw section.fault(
        key, element: place,
        "is \"\(name)\"; expected a channel of [notify]: \(known.isEmpty ? "there is none" : known)"
      )
    }
    return names
  }
}
