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

  private let book: Runbook
  private let table: NotifyTable

  /// - Parameters:
  ///   - runbook: TOML; nil for the rules inside the program.
  ///   - routed: where the routes lead; nil for all channels.
  init(
    _ runbook: String? = nil, grouping: Grouping.Spans = .init(wait: .milliseconds(50), interval: .milliseconds(50)),
    channels kinds: [Channel.Kind] = Channel.Kind.allCases, routed: [Channel.Kind]? = nil, clock: SteppedClock? = nil
  ) throws {
    let scene = try HandlerScene(start: false, clock: clock)
    let service = try MockService(loop: scene.server.loop) { request in
      // Discord says where a message stands, if it is asked to.
      request.path.hasPrefix("/discord") ? .status(200, #"{"id":"1"}"#) : .status(200, "ok")
    }
    let channels = kinds.map { kind in
      (kind.rawValue, Channel(kind, url: service.url("/\(kind.rawValue)"), routingKey: Self.routingKey))
    }
    rules = RuleScene(on: scene)
    self.service = service
    book = try RuleScene.read(runbook)
    table = NotifyTable(
      channels: Dictionary(uniqueKeysWithValues: channels), defaultRoute: (routed ?? kinds).map(\.rawValue),
      grouping: grouping)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    try startHandler("h1")
    try scene.waitForRecording()
  }

  func startHandler(_ id: String) throws {
    // No versions are compared: agents go back only if a test has named them.
    try scene.startHandler(id) { ($0.runbook, $0.notify, $0.insight.rollback) = (book, table, .auto) }
  }

  /// What a service has received, in order.
  func told(_ kind: Channel.Kind) -> [Told] { service.requests.compactMap(Told.init).filter { $0.kind == kind } }

  /// How much is kept besides what chats have been told.
  func standing() throws -> Int {
    let fields = try scene.server.call("HKEYS", scene.keys.notices).elements ?? []
    return fields.count { $0.bytes?.starts(with: "message/".utf8) == false }
  }

  /// Waits until nothing is on its way to anybody: what is left in the hash stands, or waits for news.
  func waitUntilAllIsTold() throws {
    try scene.server.wait {
      guard let values = try? scene.server.call("HVALS", scene.keys.notices).elements else { return false }
      return values.allSatisfy { value in
        guard let json = value.bytes.flatMap({ try? JSONValue.parse($0) }) else { return false }
        // A chat's message stands for an hour after its end.
        return json["stands"]?.bool ?? (json["message"] != nil || json["members"] != nil && json["due"] == nil)
      }
    }
  }
}
