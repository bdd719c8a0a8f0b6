import FleetModel
import Insight
import Wire

/// That an agent, a role or the fleet has used a part of what it may use a day, as an entry of the stream of events.
struct BudgetEvent: Equatable {
  enum Subject: Equatable {
    case agent
    case role(String)
    case fleet
  }

  /// The agent; of a role or the fleet the one by which the level was reached.
  let agent: AgentID
  let subject: Subject
  let unit: Budget.Unit
  let currency: String
  let use: Spending.Use
  let most: Double
  let at: Instant
  let day: BudgetDay
  /// In which the day ends at midnight.
  let zone: String

  var payload: [UInt8] { HandlerEvent.encode("agent.budget", id: eventID, of: agent, data, at: at) }

  private var share: Double { most > 0 ? use.used / most : 0 }

  private var level: Double { use.told > 0 ? Budget.levels[min(use.told, Budget.levels.count) - 1] : 0 }

  private var eventID: [UInt8] {
    "agent.budget/\(scope.word)/\(scope.name)/".utf8 + (subject == .agent ? agent.bytes : [])
      + "/\(unit.rawValue)/\(day.from)/\(use.told)".utf8
  }

  private var scope: (word: String, name: String) {
    switch subject {
    case .agent: ("agent", "")
    case .role(let name): ("role", name)
    case .fleet: ("fleet", "")
    }
  }

  private var data: JSONValue {
    [
      "budget": .string(scope.word), "role": scope.name.isEmpty ? nil : .string(scope.name),
      "unit": .string(unit.rawValue), "used": .number(use.used), "most": .number(most), "share": .number(share),
      "level": .number(level), "projected": .number(projected), "detail": .string(words),
      "risk_level": .string(severity.rawValue),
    ]
  }

  private var severity: Severity { level >= 1 ? .critical : level >= 0.95 ? .high : .medium }

  private var projected: Double { use.projected(at: at, in: day) }

  /// `role sales has used 96% of 50 EUR a day; 61.2 by midnight in Europe/Lisbon at this rate`.
  private var words: String {
    let name = unit == .cost && !currency.isEmpty ? currency : unit.rawValue
    let who =
      switch subject {
      case .agent: "used"
      case .role(let role): "role \(role) has used"
      case .fleet: "all agents have used"
      }
    let percent = Int((min(share, 1e6) * 100).rounded(.down))
    let midnight = zone == Zone.utc.name ? "midnight UTC" : "midnight in \(zone)"
    return "\(who) \(percent)% of \(most.short) \(name) a day; \(projected.short) by \(midnight) at this rate"
  }
}
