import Exposition
import FleetModel

/// A family with a series for each agent, and how an agent's is written.
struct AgentFamily {
  let family: MetricFamily
  let write: (_ fleet: ShownFleet, _ member: ShownFleet.Member, _ writer: inout ExpositionWriter) -> Void

  /// All of them, with the open metrics of a table.
  static func all(of metrics: MetricTable) -> [AgentFamily] {
    [info, state, lastEvent, severity, health] + Metric.allCases.map(known) + open(metrics)
  }

  private static var info: AgentFamily {
    AgentFamily(family: FleetFamilies.info) { fleet, member, writer in
      let traits = fleet.traits(of: member)
      var label = Array(fleet.labels[member.label])
      for (name, trait) in [("role", Trait.role), ("tier", .tier), ("model", .llmModel)] {
        LabelSet.append(name, Array(traits[trait].utf8), to: &label)
      }
      writer.sample(label[...], 1)
    }
  }

  private static var state: AgentFamily {
    AgentFamily(family: FleetFamilies.state) { fleet, member, writer in
      guard let state = fleet.state(of: member) else { return }
      writer.sample(fleet.labels[member.label], (name: "state", value: state.label), 1)
    }
  }

  private static var lastEvent: AgentFamily {
    AgentFamily(family: FleetFamilies.lastEvent) { fleet, member, writer in
      writer.sample(fleet.labels[member.label], milliseconds: fleet.lastEvent(of: member).milliseconds)
    }
  }

  private static var severity: AgentFamily {
    AgentFamily(family: FleetFamilies.severity) { fleet, member, writer in
      writer.sample(fleet.labels[member.label], fleet.severity(of: member).map { $0.rank + 1 } ?? 0)
    }
  }

  private static var health: AgentFamily {
    AgentFamily(family: FleetFamilies.health) { fleet, member, writer in
      if let health = fleet.health(of: member) { writer.sample(fleet.labels[member.label], Float(health)) }
    }
  }

  private static func known(_ metric: Metric) -> AgentFamily {
    let scale: Float =
      switch metric.unit {
      case .milliseconds: 1000
      case .perMinute: 60
      case .fraction, .count, .stars: 1
      }
    return AgentFamily(family: FleetFamilies.family(of: metric)) { fleet, member, writer in
      if let value = fleet.value(metric, of: member) { writer.sample(fleet.labels[member.label], value / scale) }
    }
  }

  private static func open(_ metrics: MetricTable) -> [AgentFamily] {
    zip(metrics.places, FleetFamilies.families(of: metrics)).map { place, family in
      let scale: Float = metrics[place]?.unit == .ms ? 1000 : 1
      return AgentFamily(family: family) { fleet, member, writer in
        if let value = fleet.value(place, of: member) { writer.sample(fleet.labels[member.label], value / scale) }
      }
    }
  }
}

extension AgentState {
  fileprivate var label: StaticString {
    switch self {
    case .running: "running"
    case .paused: "paused"
    case .restarting: "restarting"
    case .draining: "draining"
    case .stopped: "stopped"
    }
  }
}
