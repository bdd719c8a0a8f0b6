import Exposition
import FleetModel

/// What a page tells of the fleet as a whole.
enum FleetSection {
  static func write(_ fleet: ShownFleet, to writer: inout ExpositionWriter) {
    writer.begin(FleetFamilies.agents)
    for state in AgentState.allCases {
      writer.sample(LabelSet(("state", state.rawValue)), fleet.ranking.states[state] ?? 0)
    }
    writer.begin(FleetFamilies.silent)
    writer.sample(LabelSet(), fleet.silent)
    writer.begin(FleetFamilies.troubled)
    for severity in Severity.allCases {
      writer.sample(LabelSet(("severity", severity.rawValue)), fleet.ranking.severities[severity] ?? 0)
    }
    writer.begin(FleetFamilies.alerts)
    for kind in AlertKind.allCases { writer.sample(LabelSet(("kind", kind.type)), fleet.alerts(of: kind)) }
    let counts = fleet.alertsInHand()
    writer.begin(FleetFamilies.inHand)
    writer.sample(LabelSet(("how", "acknowledged")), counts.acknowledged)
    writer.sample(LabelSet(("how", "silenced")), counts.silenced)
    writer.begin(FleetFamilies.leftOut)
    writer.sample(LabelSet(), fleet.leftOut)
  }
}
