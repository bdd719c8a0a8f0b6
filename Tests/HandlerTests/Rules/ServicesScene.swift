import Automation
import FleetModel
import TestSupport
import Wire

@testable import Handler

/// A handler with rules, and a channel of each kind to tell people by.
final class ServicesScene {
  static let routingKey = "R0123456789ABCDEF0123456789ABCDE"

  let rules: RuleScene
  let service: MockService
  var scene: HandlerScene { rules.scene }

  /// - Parameter runbook: TOML; nil for the rules inside the program.
  init(
    _ runbook: String? = nil, grouping: Grouping.Spans = .init(wait: .milliseconds(50), interval: .milliseconds(50)),
    channels kinds: [Channel.Kind] = Channel.Kind.allCases, clock: SteppedClock? = nil
  ) throws {
    let scene = try HandlerScene(start: false, clock: clock)
    rules = RuleScene(on: scene)
    service = try MockService(loop: scene.server.loop) { _ in .status(200, "ok") }
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    let book = try RuleScene.read(runbook)
    let table = table(kinds, grouping)
    try scene.startHandler("h1") { ($0.runbook, $0.notify) = (book, table) }
    try scene.waitForRecording()
  }

  private func table(_ kinds: [Channel.Kind], _ grouping: Grouping.Spans) -> NotifyTable {
    let channels = kinds.map { kind in
      (kind.rawValue, Channel(kind, url: service.url("/\(kind.rawValue)"), routingKey: Self.routingKey))
    }
    let names = kinds.map(\.rawValue)
    return NotifyTable(channels: Dictionary(uniqueKeysWithValues: channels), defaultRoute: names, grouping: grouping)
  }

  /// What a service has received, in order.
  func told(_ kind: Channel.Kind) -> [Told] { service.requests.compactMap(Told.init).filter { $0.kind == kind } }

  /// Waits until nothing is on its way to anybody: what is left in the hash stands, or waits for news.
  func waitUntilAllIsTold() throws {
    try scene.server.wait {
      guard let values = try? scene.server.call("HVALS", scene.keys.notices).elements else { return false }
      return values.allSatisfy { value in
        guard let json = value.bytes.flatMap({ try? JSONValue.parse($0) }) else { return false }
        return json["stands"]?.bool ?? (json["members"] != nil && json["due"] == nil)
      }
    }
  }
}
