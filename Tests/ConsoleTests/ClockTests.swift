import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Time as the model gets it: this machine's until the server has told its own.
@Suite struct ClockTests {
  /// A console that drew its first frames by a clock of its own that is off by so many seconds, and then met an event.
  private func scene(off seconds: Int64) throws -> Scene {
    var scene = Scene(columns: 130, rows: 40)
    scene.tick(.at(seconds))
    _ = scene.model.update(.note("a warning"))
    scene.tick(.at(seconds + 1))
    try scene.model.fleet.apply("metrics", "a", #"{"error_rate":0.3}"#, at: .at(0))
    scene.goLive(at: .at(0))
    return scene
  }

  @Test(arguments: [3600, 120, -120, -3600] as [Int64])
  func agesAndTheClockAreTheServersOnceItHasToldItsTime(_ seconds: Int64) throws {
    var scene = try scene(off: seconds)
    let first = scene.draw().lines()
    #expect(first.contains { $0.contains("errors 30%, just now") })
    #expect(first.last?.hasSuffix("08:00:00Z") == true)
    scene.tick(.at(125))
    let second = scene.draw().lines()
    #expect(second.contains { $0.contains("errors 30%, for 2m") })
    #expect(second.last?.hasSuffix("08:02:05Z") == true)
  }

  @Test func orderAndNotesGoOnByTheServersTime() throws {
    var scene = try scene(off: 3600)
    #expect(scene.promptText().contains("a warning"))
    scene.press(.down)
    try scene.model.fleet.apply("metrics", "b", #"{"error_rate":0.9,"queue_size":2000}"#, at: .at(1))
    scene.tick(.at(2))
    #expect(scene.order == ["a", "b"])
    scene.tick(.at(10))
    #expect(scene.order == ["b", "a"])
    #expect(!scene.promptText().contains("a warning"))
  }

  @Test func doubtOfTheMeasurementMovesNothingBack() throws {
    var scene = try scene(off: 0)
    scene.tick(.at(60))
    scene.tick(.at(59))
    #expect(scene.statusText().hasSuffix("08:01:00Z"))
  }
}
