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
    choose(learntBytes: learntBytes, bound: bound) { AgentWatch.byteCount(metrics: metrics, forecasts: $0) }
      ?? (.detectors, AgentWatch.byteCount(metrics: [], forecasts: false))
  }

  /// The same of one more metric of an agent that has detectors.
  static func choose(
    more metric: WatchedMetric, learntBytes: Int, bound: Int
  ) -> (leftOut: LeftOut, bytes: Int) {
    choose(learntBytes: learntBytes, bound: bound) { AgentWatch.byteCount(more: metric, forecasts: $0) }
      ?? (.detectors, 0)
  }

  /// Nil if there is no room at all.
  private static func choose(
    learntBytes: Int, bound: Int, _ byteCount: (_ forecasts: Bool) -> Int
  ) -> (leftOut: LeftOut, bytes: Int)? {
    for (leftOut, forecasts) in [(LeftOut.nothing, true), (.forecasts, false)] {
      let bytes = byteCount(forecasts)
      // Those that do without forecasts take a part of the room: then more agents have their detectors.
      if learntBytes + bytes <= (forecasts ? bound / 4 * 3 : bound) { return (leftOut, bytes) }
    }
    return nil
  }

  var words: String? {
    switch self {
    case .nothing: nil
    case .forecasts: "no forecasts for more agents: detectors have no more room in memory"
    case .detectors: "no health and no findings for more agents: detectors have no more room in memory"
    }
  }
}
