import Glibc
import Loop
import Redis
import TestSupport
import TestThreads
import Testing

/// Links and a real group of servers and sentinels.
@Suite(.threaded, .enabled(if: SentinelServers.program != nil, "redis-sentinel is not installed"))
struct SentinelTests {
  /// Three links of one process, as a console has them.
  private final class Process {
    let loop: Loop
    private(set) var links: [Link] = []
    private(set) var failures: [ConnectionFailure] = []

    init(_ group: SentinelServers, _ endpoint: Endpoint? = nil) {
      loop = group.loop
      for _ in 1...3 {
        links.append(
          Link(loop: loop, endpoint: endpoint ?? group.endpoint) { [unowned self] in
            if case .down(let failure) = $0 { failures.append(failure) }
          })
      }
      for link in links { link.start() }
    }

    deinit { for link in links { link.stop() } }

    /// The port of the server that all of them speak to; nil while one has none, or another.
    var port: UInt16? {
      let servers = links.map { $0.connection?.endpoint }
      guard let first = servers[0], servers.allSatisfy({ $0 == first }), case .tcp(_, let port) = first.address else {
        return nil
      }
      return port
    }
  }

  @Test func killedMasterIsFollowedToItsSuccessor() throws {
    let group = try SentinelServers()
    let process = Process(group)
    try group.loop.wait { process.port == group.servers[0].port }
    #expect(process.failures == [])
    group.servers[0].stop()
    let next = try group.waitForMaster(otherThan: 0)
    try group.loop.wait { process.port == group.servers[next].port }
  }

  @Test func plannedFailoverMovesHealthyConnections() throws {
    let group = try SentinelServers()
    let process = Process(group)
    try group.loop.wait { process.port != nil }
    try group.failOver()
    try group.loop.wait { process.port != nil && process.port != group.servers[0].port }
    // The old master was healthy all the time: nothing but what sentinels told ended the connections.
    #expect(
      process.failures.allSatisfy {
        if case .moved(let words) = $0 { words.hasPrefix("mymaster moved to 127.0.0.1:") } else { false }
      }, "\(process.failures)")
  }

  @Test func sentinelsThatHangOrAreGoneDoNotKeepLinksFromMoving() throws {
    let group = try SentinelServers()
    // One that still answers knows the way.
    let process = Process(group)
    try group.loop.wait { process.port != nil }
    try group.failOver()
    let next = try group.waitForMaster(otherThan: 0)
    try group.loop.wait { process.port == group.servers[next].port }
    group.sentinels[0].signal(SIGSTOP)
    group.sentinels[1].end(SIGKILL)
    let late = Process(group)
    try group.loop.wait { late.port == group.servers[next].port }
    group.sentinels[2].end(SIGKILL)
    late.links[0].restart(.closedByServer)
    try group.loop.wait { late.failures.contains { "\($0)".hasPrefix("no sentinel says where mymaster is: ") } }
    group.sentinels[0].signal(SIGCONT)
    try group.loop.wait { late.port == group.servers[next].port }
  }

  @Test func sentinelsHaveAPasswordOfTheirOwn() throws {
    let group = try SentinelServers(replicas: 1, sentinelPassword: "s3cret")
    let process = Process(group)
    try group.loop.wait { process.port == group.servers[0].port }
    var wrong = group.endpoint
    guard case .sentinel(var names) = wrong.address else { return }
    names.password = "other"
    wrong.address = .sentinel(names)
    let refused = Process(group, wrong)
    try group.loop.wait { !refused.failures.isEmpty }
    let words = "\(refused.failures[0])"
    #expect(words.contains("WRONGPASS") && !words.contains("other") && !words.contains("s3cret"))
  }
}
