import FleetModel
import Wire

/// How often each rule acted, proposed something, or was held back, as the audit says.
struct RuleTally {
  private struct Count {
    var acted = 0
    var proposed = 0
    var held = 0
  }

  private var counts: [String: Count] = [:]

  mutating func take(_ line: AuditLine) {
    guard let rule = line.rule, line.action == "rule", line.target != .none else { return }
    switch line.phase {
    case .started: counts[rule, default: Count()].acted += 1
    case .proposed: counts[rule, default: Count()].proposed += 1
    case .skipped: counts[rule, default: Count()].held += 1
    case .received, .rejected, .succeeded, .obeyed, .failed, .unknown, .expired, .undone: break
    }
  }

  /// `{"handoff":{"acted":3,"proposed":0,"held":0},…}`, by name.
  var json: JSONValue {
    .object(
      JSONObject(
        members: counts.sorted { $0.key < $1.key }.map { rule, count in
          let value: JSONValue = [
            "acted": .integer(Int64(count.acted)), "proposed": .integer(Int64(count.proposed)),
            "held": .integer(Int64(count.held)),
          ]
          return (Array(rule.utf8), value)
        }))
  }
}
