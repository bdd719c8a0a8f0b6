import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// A frame is drawn where it would show something new, and not otherwise.
@Suite final class FrameTests {
  private var scene: Scene

  init() throws { scene = try Scene.full(columns: 80, rows: 24) }

  private func frame(_ size: Size = Size(rows: 24, columns: 80), _ glyphs: Glyphs = .unicode) -> Grid? {
    scene.model.frame(size, glyphs: glyphs)
  }

  @Test func unchangedModelHasNoNewFrame() {
    #expect(frame() != nil)
    #expect(frame() == nil)
    _ = scene.model.update(.tick(scene.model.now))
    #expect(frame() == nil)
  }

  @Test func eachKindOfChangeHasOne() {
    _ = frame()
    let changes: [(String, (inout Model) -> Void)] = [
      ("second", { _ = $0.update(.tick($0.now + .seconds(1))) }),
      ("key", { _ = $0.update(.key(.down)) }),
      ("link", { _ = $0.update(.link(.connecting)) }),
      ("gap", { $0.fleet.applyGap(from: .epoch, to: $0.now, count: 1) }),
      ("record", { $0.fleet.setRecord(AgentRecord(), of: AgentID("somebody new")) }),
    ]
    for (name, change) in changes {
      change(&scene.model)
      #expect(frame() != nil, "\(name)")
      #expect(frame() == nil, "\(name)")
    }
  }

  @Test func anotherSizeOrOtherSignsHaveOne() {
    _ = frame()
    #expect(frame(Size(rows: 25, columns: 80)) != nil)
    #expect(frame(Size(rows: 25, columns: 80), .ascii) != nil)
    #expect(frame(Size(rows: 25, columns: 80), .ascii) == nil)
  }
}
