/// By which metrics and levels a handler judges agents, as its configuration says.
package struct LevelSettings: Equatable, Sendable {
  package var metrics: MetricTable
  package var levels: LevelTable

  package init(metrics: MetricTable = .builtIn, levels: LevelTable = LevelTable()) {
    (self.metrics, self.levels) = (metrics, levels)
  }
}
