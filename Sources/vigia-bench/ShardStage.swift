import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import Wire

/// A cluster of three primaries with a replica each, and three handlers as programs of their own, whose fleet is divided
/// or lies in one slot.
///
/// A class, since it owns programs.
final class ShardStage {
  let cluster: TestCluster
  /// Nil if the fleet lies in one slot.
  let shards: Shards?
  /// The prefix of each shard; of a fleet that is not divided, its own.
  let prefixes: [KeyPrefix]
  private let slots: [Int]
  private(set) var handlers: [String: Child] = [:]
  private let path: String

  static let handlerIDs = ["h1", "h2", "h3"]

  /// - Parameter count: how many shards; nil for none.
  init(shards count: Int?) throws {
    cluster = try TestCluster(primaries: 3, replicas: 1, settings: ["cluster-require-full-coverage no"])
    shards = try count.map { try Shards($0, of: .default) }
    prefixes = try shards?.prefixes ?? [KeyPrefix("{agentos}")]
    slots = prefixes.map { HashSlot.of(Array(($0.hashTag ?? "").utf8)) }
    path = try Programs.path("vigia-handler")
    for id in Self.handlerIDs { try startHandler(id) }
    try waitForSpread(Self.handlerIDs)
    waitForRest()
  }

  deinit { for handler in handlers.values { handler.end(SIGKILL) } }

  // MARK: Handlers

  func startHandler(_ id: String) throws {
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(null) }
    let division = shards.map { ["--shards", "\($0.count)"] } ?? ["--prefix", "{agentos}"]
    let node = (Self.handlerIDs.firstIndex(of: id) ?? 0) % 3
    handlers[id] = try Child(
      path,
      ["--id", id, "--redis", "redis://\(cluster.nodes[node].endpoint)", "--runbook", "/dev/null"] + division,
      environment: [:], output: null, error: null)
  }

  func killHandler(_ id: String) {
    handlers.removeValue(forKey: id)?.end(SIGKILL)
  }

  func leases() throws -> [Lease?] {
    try prefixes.indices.map { try call($0, "GET", keys($0).lease).bytes.flatMap { LeaseCoding.decode($0) } }
  }

  /// Waits until these handlers lead all there is, each no more than its part, and record it.
  func waitForSpread(_ ids: [String]) throws {
    let most = (prefixes.count + ids.count - 1) / ids.count
    try cluster.loop.wait { [self] in
      guard let all = try? leases().compactMap(\.self), all.count == prefixes.count else { return false }
      return all.allSatisfy { $0.isRecording && ids.contains($0.id) }
        && ids.allSatisfy { id in all.count { $0.id == id } <= most }
    }
  }

  /// Waits until no lease has changed for a while: shards are handed over once handlers have lived for a while.
  private func waitForRest() {
    var (fences, since) = ((try? leases().map { $0?.fence }) ?? [], MonotonicTime.now)
    while MonotonicTime.now.milliseconds(since: since) < 10_000 {
      cluster.loop.turn(forMilliseconds: 500)
      let present = (try? leases().map { $0?.fence }) ?? []
      if present != fences { (fences, since) = (present, MonotonicTime.now) }
    }
  }

  // MARK: The cluster

  func keys(_ shard: Int) -> Keys { Keys(prefixes[shard]) }

  func owner(_ shard: Int) throws -> Int { try cluster.owner(of: slots[shard]) }

  /// Asks whichever node has a shard's keys.
  func call(_ shard: Int, _ arguments: any RequestArgument...) throws -> Reply {
    try cluster.call(all: arguments, to: try owner(shard))
  }

  /// Seconds of processor that all servers and handlers have had.
  var cpuSeconds: (servers: Double, handlers: Double) {
    let servers = cluster.nodes.filter(\.isRunning).map { ProcessProbe(pid: $0.pid).cpuSeconds }.reduce(0, +)
    let handlers = handlers.values.map { ProcessProbe(pid: $0.pid).cpuSeconds }.reduce(0, +)
    return (servers, handlers)
  }

  /// How many entries the streams of events have ever had, all shards together.
  func recordedCount() throws -> Int {
    try prefixes.indices.reduce(0) {
      $0 + Int(try call($1, "XINFO", "STREAM", keys($1).events).field("entries-added")?.integer ?? 0)
    }
  }

  /// The numbers of the events in a shard's stream that came by a channel, in the order in which they stand.
  func recordedNumbers(_ shard: Int) throws -> [Int] {
    let (keys, decoder) = (keys(shard), EventDecoder())
    var (numbers, next): ([Int], String) = ([], "-")
    while true {
      let entries = try call(shard, "XRANGE", keys.events, next, "+", "COUNT", 5000).elements ?? []
      guard let last = entries.last?.elements?.first?.text else { return numbers }
      for entry in entries {
        let pairs = entry.elements?.last?.pairs ?? []
        guard pairs.first(where: { $0.name == Keys.channelField })?.value.elementsEqual("agent.metrics".utf8) == true,
          let data = pairs.first(where: { $0.name == Keys.dataField })?.value
        else { continue }
        try data.withUnsafeBytes {
          let event = try decoder.decode($0, channel: nil, receivedAt: .epoch)
          if let number = event.metrics[.lastHourErrors].flatMap({ Int(exactly: $0) }) { numbers.append(number) }
        }
      }
      next = "(\(last)"
    }
  }

  /// The lines in a shard's audit.
  func audit(_ shard: Int) throws -> [AuditLine] {
    (try call(shard, "XRANGE", keys(shard).audit, "-", "+").elements ?? []).compactMap { entry in
      entry.elements?.last?.pairs.first { $0.name == Keys.dataField }.flatMap { AuditCoding.decode($0.value) }
    }
  }
}
