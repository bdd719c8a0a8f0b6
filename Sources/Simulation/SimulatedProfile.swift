import FleetModel

/// What an agent is, apart from how it fares.
package struct SimulatedProfile: Equatable, Sendable {
  package let id: AgentID
  package let name: String
  package let role: String
  package let model: String
  package let languages: [String]
  package let skills: [String]
  /// The agent that this one stands in for.
  package let backupFor: AgentID?
  package let replicas: ClosedRange<Int>
  /// Messages a minute on an ordinary day.
  let traffic: Double
  /// Milliseconds with nothing waiting.
  let responseTime: Double

  /// Messages a minute that one replica gets through.
  var throughput: Double { traffic * 1.35 / Double(replicas.lowerBound) }
}

/// The simulated company: as many agents as are wanted, the first twelve by name, the others after their pattern.
package enum Roster {
  private struct Row {
    let place: String
    let number: Int
    let name: String
    let language: String
    let model: String
    let traffic: Double
    let responseTime: Double
    let isBackup: Bool

    init(
      _ place: String, _ number: Int, _ name: String, _ language: String, _ model: String, traffic: Double,
      responseTime: Double, isBackup: Bool = false
    ) {
      self.place = place
      self.number = number
      self.name = name
      self.language = language
      self.model = model
      self.traffic = traffic
      self.responseTime = responseTime
      self.isBackup = isBackup
    }
  }

  /// A backup stands right behind the agent it stands in for. Names are in the scripts that real fleets have: wide,
  /// accented and combining.
  private static let rows = [
    Row("support-eu", 1, "Support Europe", "en", "gpt-4o", traffic: 180, responseTime: 780),
    Row("support-eu", 2, "Support Europe backup", "en", "gpt-4o-mini", traffic: 40, responseTime: 520, isBackup: true),
    Row("support-br", 1, "Atendimento São Paulo", "pt", "gpt-4o", traffic: 240, responseTime: 860),
    Row("support-br", 2, "Atendimento Recife", "pt", "gpt-4o-mini", traffic: 60, responseTime: 610, isBackup: true),
    Row("support-jp", 1, "東京サポート", "ja", "claude-sonnet-4", traffic: 150, responseTime: 940),
    Row("support-jp", 2, "大阪サポート", "ja", "claude-haiku-4", traffic: 50, responseTime: 450, isBackup: true),
    Row("sales-us", 1, "Sales New York", "en", "claude-sonnet-4", traffic: 120, responseTime: 690),
    Row("sales-us", 2, "Sales Chicago", "en", "claude-haiku-4", traffic: 35, responseTime: 480, isBackup: true),
    Row("sales-fr", 1, "Ventes Île-de-France", "fr", "mistral-large", traffic: 90, responseTime: 720),
    Row("billing-de", 1, "Rechnungen München", "de", "gpt-4o", traffic: 75, responseTime: 1050),
    Row("billing-de", 2, "Rechnungen Köln", "de", "gpt-4o-mini", traffic: 25, responseTime: 640, isBackup: true),
    Row("billing-in", 1, "बिलिंग मुंबई", "hi", "gpt-4o", traffic: 110, responseTime: 890),
  ]

  /// The first `count` agents.
  package static func agents(_ count: Int) -> [SimulatedProfile] { (0..<max(0, count)).map(agent) }

  /// An agent that comes for a while and leaves again.
  static func visitor(_ number: Int) -> SimulatedProfile {
    SimulatedProfile(
      id: AgentID("sales-promo-\(pad(number))"), name: "Flash sale \(number)", role: "sales", model: "gpt-4o-mini",
      languages: ["en"], skills: ["promotions"], backupFor: nil, replicas: 1...2, traffic: 30, responseTime: 560)
  }

  /// Whether an id follows the pattern of ours, whatever the size of the fleet.
  package static func isSimulated(_ id: AgentID) -> Bool {
    let text = id.description
    guard let dash = text.lastIndex(of: "-"), let number = Int(text[text.index(after: dash)...]), number > 0 else {
      return false
    }
    let place = text[..<dash]
    return place == "sales-promo" || rows.contains { $0.place == place }
  }

  private static func agent(_ index: Int) -> SimulatedProfile {
    let row = rows[index % rows.count]
    let round = index / rows.count
    let role = String(row.place.prefix { $0 != "-" })
    return SimulatedProfile(
      id: id(row, round), name: round == 0 ? row.name : "\(row.name) \(round + 1)", role: role, model: row.model,
      languages: row.language == "en" ? ["en"] : [row.language, "en"], skills: skills(role),
      backupFor: row.isBackup ? id(rows[index % rows.count - 1], round) : nil, replicas: row.isBackup ? 1...6 : 2...8,
      traffic: row.traffic, responseTime: row.responseTime)
  }

  private static func id(_ row: Row, _ round: Int) -> AgentID {
    AgentID("\(row.place)-\(pad(row.number + 2 * round))")
  }

  private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func skills(_ role: String) -> [String] {
    switch role {
    case "support": ["troubleshooting", "returns", "accounts"]
    case "sales": ["quotes", "upgrades"]
    default: ["invoices", "refunds"]
    }
  }
}
