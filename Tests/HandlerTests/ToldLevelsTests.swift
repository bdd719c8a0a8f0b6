import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

/// By which metrics and levels a handler judges is told to consoles.
@Suite(.threaded) struct ToldLevelsTests {
  private static func levels(_ medium: Double) -> LevelTable {
    let levels = Limits.Levels(medium: medium, high: medium + 1, critical: medium + 2)
    return LevelTable([LevelTable.Entry(levels: [.queueSize: levels])])
  }

  /// What stands there, if the lease names it.
  private func told(_ scene: HandlerScene) -> LevelSettings? {
    guard let payload = (try? scene.server.call("GET", scene.keys.levels).bytes) ?? nil,
      let lease = ((try? scene.server.call("GET", scene.keys.lease).bytes) ?? nil).flatMap({ LeaseCoding.decode($0) }),
      lease.levels == LevelsCoding.digest(payload)
    else { return nil }
    return LevelsCoding.decode(payload)
  }

  @Test func levelsAreToldFromTheBeginningAndAnewWithOtherSettings() throws {
    let scene = try HandlerScene(start: false)
    let handler = try scene.startHandler("h1") { $0.levels = Self.levels(7) }
    try scene.server.wait { told(scene)?.levels == Self.levels(7) }
    var options = HandlerOptions(id: "h1")
    options.levels = Self.levels(9)
    options.metrics = MetricTable(declaring: [OpenMetric("search_depth")], currency: "EUR")
    handler.apply(options)
    try scene.server.wait { told(scene)?.levels == Self.levels(9) }
    #expect(told(scene)?.metrics == options.metrics)
    // Who takes over goes by its own.
    handler.halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.startHandler("h2")
    try scene.server.wait { told(scene) == LevelSettings() }
  }
}
