import FleetModel
import Loop
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Redis

/// One subscription a server for all who follow shards.
@Suite(.threaded) struct ChannelHubTests {
  private let server: TestServer
  private let proxy: FaultProxy
  private let shards: Shards
  private let hub: ChannelHub

  init() throws {
    server = try TestServer()
    proxy = try FaultProxy(loop: server.loop, to: server.server)
    shards = try Shards(4, of: .default)
    hub = ChannelHub(loop: server.loop, shards: shards, patterns: Keys.recordedPatterns)
  }

  /// Notes what the listener of a shard is told.
  private final class Ear: ChannelListener {
    private(set) var told: [String] = []

    func subscribes(since moment: MonotonicTime) { told.append("subscribes") }
    func subscribed(_ connection: Connection) { told.append("subscribed") }
    func unsubscribed() { told.append("unsubscribed") }
    func heardAll() { told.append("all") }

    func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, isOversized: Bool) {
      told.append(String(decoding: payload, as: UTF8.self))
    }

    func hear(_ notice: RecorderNotice, _ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
      told.append("notice \(notice.shard ?? -1)")
    }
  }

  private typealias Place = (ear: Ear, source: any ChannelSource)

  private func listen(to shard: Int) -> Place {
    let ear = Ear()
    let source = hub.source(of: shard, for: ear)
    source.move(to: proxy.endpoint)
    source.start()
    return (ear, source)
  }

  private func listen(to numbers: [Int]) throws -> [Place] {
    let places = numbers.map { listen(to: $0) }
    try server.wait { places.allSatisfy { $0.ear.told == ["subscribes", "subscribed"] } }
    return places
  }

  /// An event of an agent of the shard.
  private func event(ofShard shard: Int) -> String {
    TestServer.event((0...).lazy.map { "a-\($0)" }.first { shards.shard(of: AgentID($0)) == shard }!)
  }

  private var subscribers: Int {
    get throws { (try server.call("CLIENT", "LIST", "TYPE", "pubsub").text ?? "").split(separator: "\n").count }
  }

  @Test func eachMessageAndMarkerIsHandedToItsShardAlone() throws {
    let places = try listen(to: [0, 2, 3])
    for shard in 0..<4 {
      _ = try server.call("PUBLISH", "agent.metrics", event(ofShard: shard))
      let marker = RecorderMarker(handler: "h1", fence: 1, nonce: "n", shard: shard)
      _ = try server.call("PUBLISH", "agentos.recorder", marker.encode())
    }
    _ = try server.call("PUBLISH", "agentos.recorder", RecorderMarker(handler: "h1", fence: 1, nonce: "n").encode())
    _ = try server.call(
      "PUBLISH", "agentos.recorder", RecorderMarker(handler: "h1", fence: 1, nonce: "n", shard: 99).encode())
    for place in places { place.source.ping() }
    try server.wait { places.allSatisfy { $0.ear.told.last == "all" } }
    for (place, shard) in zip(places, [0, 2, 3]) {
      #expect(place.ear.told == ["subscribes", "subscribed", event(ofShard: shard), "notice \(shard)", "all"])
    }
    #expect(try subscribers == 1 && hub.nodeCount == 1)
    #expect(proxy.passages.count == 1)
  }

  /// What is on its way to those who hear was published before: the stream may have told it already.
  @Test func newcomerTakesNothingThatWasPublishedBefore() throws {
    let first = try listen(to: [0])[0]
    proxy.passages[0].fault = .held
    _ = try server.call("PUBLISH", "agent.metrics", event(ofShard: 1))
    let second = listen(to: 1)
    proxy.passages[0].fault = .none
    try server.wait { second.ear.told.contains("subscribed") }
    #expect(second.ear.told == ["subscribes", "subscribed"])
    _ = try server.call("PUBLISH", "agent.metrics", event(ofShard: 1))
    try server.wait { second.ear.told.last == event(ofShard: 1) }
    #expect(second.ear.told.count == 3 && first.ear.told == ["subscribes", "subscribed"])
  }

  @Test func answerToWhoLeftIsNotThatOfWhoComesBack() throws {
    let places = try listen(to: [0, 1])
    proxy.passages[0].fault = .held
    let sent = proxy.passages[0].passedToServer
    for place in places { place.source.ping() }
    try server.wait { proxy.passages[0].passedToServer > sent }
    places[1].source.move(to: nil)
    #expect(places[1].source.link == nil)
    places[1].source.move(to: proxy.endpoint)
    // It hears nothing yet, so there is nothing to ask.
    places[1].source.ping()
    proxy.passages[0].fault = .none
    try server.wait { places[1].ear.told.count { $0 == "subscribed" } == 2 }
    #expect(places[0].ear.told == ["subscribes", "subscribed", "all"])
    #expect(places[1].ear.told == ["subscribes", "subscribed", "unsubscribed", "subscribes", "subscribed"])
    places[1].source.ping()
    try server.wait { places[1].ear.told.last == "all" }
    #expect(places[0].ear.told.count == 3)
  }

  @Test func thoseWhoAskInOneTurnAreAnsweredByOnePing() throws {
    let places = try listen(to: [0, 1, 2, 3])
    let before = try server.callCount(of: "ping")
    for place in places { place.source.ping() }
    try server.wait { places.allSatisfy { $0.ear.told.last == "all" } }
    #expect(try server.callCount(of: "ping") == before + 1)
  }

  @Test func cutIsToldToAllWhoListenThere() throws {
    let places = try listen(to: [0, 1])
    let joining = listen(to: 2)
    proxy.passages[0].close()
    let all = places + [joining]
    try server.wait { all.allSatisfy { $0.ear.told.contains("unsubscribed") && $0.ear.told.last == "subscribed" } }
    for place in places {
      #expect(place.ear.told == ["subscribes", "subscribed", "unsubscribed", "subscribes", "subscribed"])
    }
    #expect(joining.ear.told == ["subscribes", "unsubscribed", "subscribes", "subscribed"])
    #expect(proxy.passages.count == 2)
  }

  @Test func lastWhoLeavesEndsTheSubscription() throws {
    var places = try listen(to: [0, 1, 2])
    places[0].source.stop()
    // One that is gone without a word has left too.
    places.removeLast()
    #expect(hub.nodeCount == 1)
    _ = try server.call("PUBLISH", "agent.metrics", event(ofShard: 1))
    try server.wait { places[1].ear.told.last == event(ofShard: 1) }
    #expect(places[0].ear.told == ["subscribes", "subscribed"])
    places[1].source.stop()
    #expect(hub.nodeCount == 0)
    try server.wait { (try? subscribers) == 0 }
  }
}
