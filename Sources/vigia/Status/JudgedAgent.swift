import Console
import FleetModel
import Wire

/// An agent with what its levels of alerts depend on.
struct JudgedAgent {
  let id: AgentID
  var role = ""
  var tier = ""

  init(_ id: AgentID, role: String = "", tier: String = "") {
    (self.id, self.role, self.tier) = (id, role, tier)
  }

  /// - Parameter profile: what the agent has said of itself, as the handler keeps it; nil if that is nothing.
  init(_ id: AgentID, profile: [UInt8]?) {
    let data = profile.flatMap { try? JSONValue.parse($0) }?["data"]
    self.init(id, role: data?["role"]?.text ?? "", tier: data?["tier"]?.text ?? "")
  }
}

extension ShownMetric {
  /// The same with an agent's own levels.
  func judged(by table: LevelTable, as agent: JudgedAgent) -> ShownMetric {
    judged(by: table, of: agent.id, role: agent.role, tier: agent.tier)
  }
}
