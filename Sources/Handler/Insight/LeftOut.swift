import Insight

/// What an agent has to do without, since detectors have no more room in this process.
enum LeftOut: Equatable {
  case nothing, forecasts
  /// Nothing is found in its metrics; they have a history all the same.
  case detectors

  /// As little as there is room for.
  ///
  /// - Parameters:
  ///   - learntBytes: what the agents before take.
  ///   - bound: what all may take.
  static func choose(_ metrics: [WatchedMetric], learntBytes: Int, bound: Int) -> (leftOut: LeftOut, bytes: Int) {
    for (leftOut, forecasts) in [(LeftOut.nothing, true), (.forecasts, false)] {
      let bytes = AgentWatch.byteCount(metrics: metrics, forecasts: forecasts)
      // Those that do without forecasts take a part of the room: then more agents have their detectors.
      if learntBytes + bytes <= (forecasts ? bound / 4 * 3 : bound) { return (leftOut, bytes) }
    }
    return (.detectors, AgentWatch.byteCount(metrics: [], forecasts: false))
  }

  var words: String? {
    switch self {
    case .nothing: nil
    case .forecasts: "no forecasts for more agents: detectors have no more room in memory"
    case .detectors: "no health and no findings for more agents: detectors have no more room in memory"
    }
  }
}
