import FleetModel
import Screen

/// What an agent lets others set, and who has set it.
extension Model {
  /// A line each: `routing_share 0.8 instead of 1, set by vigia (load) 3m ago`; what nobody declares and somebody has set comes
  /// last.
  func parameterLines(of agent: Agent) -> [DetailPane.Line] {
    let declared = agent.parameters.map { parameter in
      words(parameter.name, parameter.value, agent.record.tuning(of: parameter.name))
    }
    let others = agent.record.tunings.filter { tuning in
      tuning.value != nil && !agent.parameters.contains { $0.name.isExactly(tuning.parameter) }
    }
    return (declared + others.map { words($0.parameter, nil, $0) }).map { .pair("parameter", $0.text, $0.role) }
  }

  private func words(
    _ name: String, _ own: Double?, _ tuning: AgentTuning?
  ) -> (text: String, role: Role) {
    let shown = Scrubber.display(name)
    guard let tuning else { return ("\(shown) \(own?.short ?? "")", .text) }
    let who = tuning.by.isEmpty ? "" : " by \(Format.setter(tuning.by))"
    let since = tuning.at.map { " \(Format.ago(displayedNow - $0))" } ?? ""
    guard let value = tuning.value else {
      return ("\(shown) \(own?.short ?? ""), taken back\(who)\(since)", .text)
    }
    let before = own.map { " instead of \($0.short)" } ?? ""
    let isOwn = own.map { tuning.number == $0 } ?? false
    let number = tuning.number?.short ?? Scrubber.display(value)
    return ("\(shown) \(number)\(isOwn ? "" : before), set\(who)\(since)", isOwn ? .text : .warning)
  }
}

extension Format {
  /// Who sets a parameter: a person, or what of the handler does: `vigia (load)`, `vigia (tuning)`.
  package static func setter(_ name: String) -> String {
    if name.hasPrefix(AgentTuning.byLoad) || name == "rule/\(OwnRule.load.rawValue)" { return "vigia (load)" }
    if name.hasPrefix(AgentTuning.byTrial) || name == "rule/\(OwnRule.tuning.rawValue)" { return "vigia (tuning)" }
    return name.hasPrefix("rule/") ? Scrubber.display(name.clipped(toBytes: 80)) : person(name)
  }
}
