import FleetModel

/// Compares the alerts of an opened agent, a line each, with what is true.
struct AlertCheck {
  private struct Line {
    var text: String
    var severity: Severity?
    var count: Int?
  }

  let agent: String
  let truth: Truth
  private let lines: [Line]

  init(agent: String, truth: Truth, lines: [String]) {
    (self.agent, self.truth) = (agent, truth)
    let inside = lines.map { $0.drop { "│ ".contains($0) } }
    let start = inside.firstIndex { $0.hasPrefix("Alerts") }.map { $0 + 1 } ?? inside.count
    self.lines = inside[start...].prefix { !$0.isEmpty && !$0.hasPrefix("Series") && !$0.hasPrefix("none open") }
      .map { Self.read(String($0)) }.filter { $0.severity != nil }
  }

  /// Reads `high: attack: brute force, 3 times, since 08:00:18Z`.
  private static func read(_ text: String) -> Line {
    let severity = Severity(rawValue: String(text.prefix { $0.isLetter }))
    let words = text.split(separator: " ")
    let count = words.firstIndex { $0.hasPrefix("times") || $0.hasPrefix("time,") }.flatMap {
      $0 > 0 ? Int(words[$0 - 1]) : nil
    }
    return Line(text: text, severity: severity, count: count)
  }

  var differences: [String] {
    let own = truth.alerts.filter { $0.key.agent == agent }
    let count = truth.alertCount(of: agent)
    guard count.contains(lines.count) else {
      return ["\(agent) opened: it has \(count) alerts, \(lines.count) are listed"]
    }
    return own.compactMap { key, alert in
      guard !truth.mayBeClosed(key), !lines.contains(where: { fits($0, alert) }) else { return nil }
      return
        "\(agent) opened: no line for \(key.kind), \(alert.severity), \(alert.count) times since \(Self.clock(alert.since))"
    }
  }

  private func fits(_ line: Line, _ alert: Truth.Alert) -> Bool {
    alert.certainty != .sure
      || line.severity == alert.severity && line.count == alert.count
        && line.text.contains("since " + Self.clock(alert.since))
  }

  private static func clock(_ instant: Instant) -> String {
    let seconds = instant.milliseconds / 1000 % 86_400
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
  }
}
