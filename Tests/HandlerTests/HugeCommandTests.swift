import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Whatever is sent as a command, the commands after it are handled.
@Suite(.threaded) struct HugeCommandTests {
  enum Shape: CaseIterable, Sendable {
    case manyTargets, sameTarget, observed, nested, wide, open, longID

    /// About as long as what one entry can bring.
    var data: String {
      func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
      return switch self {
      case .manyTargets: #""targets":["# + (0..<30_000).map { #""agent-\#($0)""# }.joined(separator: ",") + "]"
      case .sameTarget: #""targets":["# + Array(repeating: #""a""#, count: 100_000).joined(separator: ",") + "]"
      case .observed:
        #""targets":["a"],"observed":{"#
          + (0..<100_000).map { #""\#($0)":{"state":"running"}"# }.joined(separator: ",") + "}"
      case .nested:
        #""targets":["a"],"args":{"for":"# + repeated("[", 500) + repeated("[1],", 475_000) + "1"
          + repeated("]", 500) + "}"
      case .wide: #""targets":["a"],"args":{"# + (0..<100_000).map { #""\#($0)":1"# }.joined(separator: ",") + "}"
      case .open: #""targets":"# + repeated("[", 1_900_000)
      case .longID: #""targets":["\#(repeated("a", 900_000))"]"#
      }
    }

    var message: [UInt8] {
      Array(
        (#"{"entity_id":"a","event_type":"command.pause","data":{"command_id":"huge","action":"pause","operator":"ana@ops","#
          + #""issued_at":"2026-11-22T08:00:00.000Z","expires_at":"2036-11-22T08:00:00.000Z","# + data + "}}").utf8)
    }
  }

  @Test(arguments: Shape.allCases)
  func hugeCommandIsRefusedAndTheNextOnesAreHandled(shape: Shape) throws {
    let scene = try HandlerScene(start: false)
    let message = shape.message
    for _ in 0..<5 { _ = try scene.server.call("XADD", scene.keys.commands, "*", Keys.dataField, message) }
    // Longer than a busy machine takes to read one of them, and far shorter than reading in quadratic time.
    let handler = try scene.startHandler("h1") { $0.leaseSpan = .seconds(15) }
    let fence = try scene.server.call("GET", scene.keys.fence)
    #expect(try scene.send(.pause, ["agent-1"]).last?.phase == .succeeded)
    let lines = try scene.audit().filter { $0.phase == .rejected }
    #expect((1...5).contains(lines.count) && lines.allSatisfy { $0.detail.utf8.count < 500 })
    #expect(try scene.pendingCount() == 0)
    // It has held its lease all the while, and nothing of it was done.
    #expect(handler.isActive)
    #expect(try scene.server.call("GET", scene.keys.fence) == fence)
    #expect(try scene.control().map(\.agent) == ["agent-1"])
    let mark = try scene.server.call("GET", scene.keys.mark("huge")).bytes ?? []
    #expect(mark.count < 1000, "what is remembered of it is small")
  }

  @Test func burialOfWhatIsHugeReadsNothingOfIt() throws {
    let scene = try HandlerScene(start: false)
    _ = try scene.server.call("XADD", scene.keys.commands, "1-1", Keys.dataField, Shape.manyTargets.message)
    _ = try scene.server.call("XGROUP", "CREATE", scene.keys.commands, Keys.group, "0")
    _ = try scene.server.call("XREADGROUP", "GROUP", Keys.group, "dead", "STREAMS", scene.keys.commands, ">")
    _ = try scene.server.call(
      "XCLAIM", scene.keys.commands, Keys.group, "dead", "0", "1-1", "RETRYCOUNT", "5", "FORCE")
    try scene.startHandler("h1")
    #expect(try scene.send(.pause, ["agent-1"]).last?.phase == .succeeded)
    try scene.server.wait { (try? scene.pendingCount()) == 0 }
    let line = try #require(try scene.audit().first { $0.detail.hasPrefix("put aside") })
    #expect(line.origin == .run("agentos:commands/1-1") && line.action.isEmpty)
    #expect(try scene.server.call("XLEN", scene.keys.dead) == .integer(1))
    #expect(try scene.server.call("EXISTS", scene.keys.mark("huge")) == .integer(0))
  }

  /// A list of what is pending that was asked for before it was put aside may come after.
  @Test func whatIsPutAsideIsPutAsideOnce() throws {
    let scene = try HandlerScene()
    let dispatcher = try #require(scene.handlers[0].activeHandler).dispatcher
    let delivery = Delivery(stream: scene.keys.commands, entry: StreamID(milliseconds: 1, sequence: 1))
    for count in 1...2 {
      dispatcher.deadLetter(nil, delivery, reason: "it was delivered 5 times and came to no outcome")
      // What follows on the same connection comes after it.
      #expect(try scene.send(.pause, [AgentID("agent-\(count)")]).last?.phase == .succeeded)
    }
    #expect(try scene.server.call("XLEN", scene.keys.dead) == .integer(1))
    #expect(try scene.audit().count { $0.detail.hasPrefix("put aside") } == 1)
  }

  @Test func thousandTargetsAreActedOn() throws {
    let scene = try HandlerScene()
    let agents = (0..<Command.mostTargets).map { AgentID("agent-\($0)") }
    let lines = try scene.send(.pause, agents)
    #expect(lines.count { $0.phase == .succeeded && $0.target != .none } == 1000)
    #expect(lines.last?.short == "succeeded")
  }

  @Test func closingLineOfManyFailuresStaysShort() throws {
    let scene = try HandlerScene()
    let agents = (0..<200).map { AgentID("agent-\($0)-" + String(repeating: "x", count: 60)) }
    let last = try #require(try scene.send(.resume, agents).last)
    #expect(last.detail.hasPrefix("0 of 200 done: not agent-") && last.detail.hasSuffix(" and 190 more"))
    #expect(last.detail.utf8.count < 1000)
  }

  @Test(arguments: [
    (Action.activateBackup, ["backup": String(repeating: "b", count: 600)], "of at most 512 bytes"),
    (.pause, ["for": String(repeating: "9", count: 60_000)], "expected a duration"),
    (.pause, [String(repeating: "f", count: 60_000): "1m"], "pause has no argument"),
    (.undo, ["command_id": String(repeating: "c", count: 60_000)], "nothing is known of that command"),
  ])
  func refusalStaysShortWhateverWasSent(action: Action, arguments: [String: String], words: String) throws {
    let scene = try HandlerScene()
    let last = try #require(try scene.send(action, action == .undo ? [] : ["agent-1"], arguments).last)
    #expect(last.phase == .rejected && last.detail.contains(words) && last.detail.utf8.count <= 1024)
  }
}
