import FleetModel

/// What others plan by.
extension AgentWatch {
  /// The forecasts that are open and would be made now as well, the soonest first.
  package func standing(at instant: Instant) -> [AgentInsight.Coming] {
    guard !insight.forecasts.isEmpty else { return [] }
    let fallen = Set(forecasts.lazy.filter { !$0.stands }.map { name(of: $0.metric) })
    return insight.forecasts.filter { !fallen.contains($0.metric) && instant <= $0.deadline }
  }

  /// How well it was in the minute that was learnt or recalled last, by its own normal and its levels alone; nil if another
  /// minute was the last one, or nothing was reported in it by which health goes.
  package func health(in minute: Instant) -> Health? {
    let inputs = metrics.filter { $0.latest?.at == minute }.compactMap { $0.healthInput(at: minute, nil) }
    return inputs.isEmpty ? nil : Health(inputs)
  }

  /// To restart it is to prevent what was forecast: that is neither right nor wrong.
  mutating func dropForecasts() {
    for index in forecasts.indices { forecasts[index].drop() }
  }

  /// It was restarted: what it did before says nothing of what it comes to.
  mutating func beginAnew() {
    for index in forecasts.indices { forecasts[index].beginAnew() }
  }
}
