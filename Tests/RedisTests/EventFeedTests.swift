import FleetModel
import Redis
import TestSupport
import Testing
import Wire

@Suite struct EventFeedTests {
  /// Follows a server, and notes what comes as text.
  private final class Follower {
    var seen: [String] = []
    var isCaughtUp = false
    var isUp = false
    var handlers: [String?] = []
    var feed: EventFeed?

    init(_ server: TestServer, patterns: [String] = []) {
      var options = EventFeed.Options()
      options.patterns = patterns
      feed = EventFeed(loop: server.loop, endpoint: server.endpoint, options: options) { [unowned self] in take($0) }
      feed?.start()
    }

    private func take(_ notice: EventFeed.Notice) {
      switch notice {
      case .event(let event, let origin):
        let place = if case .entry = origin { "entry" } else { "channel" }
        seen.append("\(place) \(event.agentID) \(event.kind)")
      case .unreadable(let reason, _): seen.append("unreadable \(reason)")
      case .audit(let line): seen.append("audit \(line.phase.rawValue) \(line.target)")
      case .record(let id, let record): seen.append("record \(id) \(record.state.rawValue)")
      case .alert(let alert): seen.append("alert \(alert.id.kind)")
      case .handler(let lease): handlers.append(lease?.id)
      case .caughtUp: isCaughtUp = true
      case .link(let state): isUp = state == .up
      case .gap: seen.append("gap")
      }
    }
  }

  private let event = #"{"entity_id":"a1","event_type":"metrics","data":{"error_rate":0.5}}"#

  @Test func historyComesFirstThenWhatIsAdded() throws {
    let server = try TestServer()
    for number in 1...3 { _ = try server.call("XADD", "agentos:events", "*", "__data__", event, "n", number) }
    let follower = Follower(server)
    try server.wait { follower.isCaughtUp && follower.isUp }
    #expect(follower.seen == Array(repeating: "entry a1 metrics", count: 3))
    _ = try server.call("XADD", "agentos:events", "*", "__data__", event)
    _ = try server.call("XADD", "agentos:events", "*", "entity_id", "flat", "event_type", "agent.status")
    try server.wait { follower.seen.count == 5 }
    #expect(follower.seen.suffix(2) == ["entry a1 metrics", "entry flat status"])
    follower.feed?.stop()
  }

  @Test func channelsCountOnceAlsoWherePatternsOverlap() throws {
    let server = try TestServer()
    let follower = Follower(server, patterns: ["other.*", "*.metrics"])
    try server.wait { follower.handlers.count >= 2 }
    _ = try server.call("PUBLISH", "agent.metrics", event)
    _ = try server.call("PUBLISH", "other.metrics", event)
    _ = try server.call("PUBLISH", "agents.created", #"{"entity_id":"a2","event_type":"created","data":{}}"#)
    _ = try server.call("PUBLISH", "agent.metrics", "rubbish")
    try server.wait { follower.seen.count >= 4 }
    #expect(follower.seen.count == 4)
    #expect(follower.seen.prefix(3) == ["channel a1 metrics", "channel a1 metrics", "channel a2 created"])
    #expect(follower.seen.last?.hasPrefix("unreadable") == true)
    follower.feed?.stop()
  }

  @Test func readingGoesOnFromTheLastEntryAfterTheLinkBroke() throws {
    let server = try TestServer()
    let follower = Follower(server)
    try server.wait { follower.isCaughtUp && follower.isUp }
    _ = try server.call("XADD", "agentos:events", "*", "__data__", event)
    try server.wait { follower.seen.count == 1 }
    _ = try server.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    _ = try server.call("XADD", "agentos:events", "*", "__data__", event)
    _ = try server.call("XADD", "agentos:events", "*", "__data__", event)
    try server.wait { follower.seen.count == 3 && follower.isUp }
    #expect(follower.seen == Array(repeating: "entry a1 metrics", count: 3))
    follower.feed?.stop()
  }
}
