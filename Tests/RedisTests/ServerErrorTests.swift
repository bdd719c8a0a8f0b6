import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// What a server refuses, and the way back from it.
@Suite(.threaded) struct ServerErrorTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  private static let codes = [
    "LOADING", "READONLY", "OOM", "NOAUTH", "NOPERM", "WRONGTYPE", "MISCONF", "MOVED", "NOSCRIPT", "WRONGPASS",
    "TRYAGAIN", "ASK", "CLUSTERDOWN", "CROSSSLOT", "UNBLOCKED", "NOGROUP",
  ]

  @Test func eachErrorHasItsOwnWords() {
    let advice = Self.codes.map { ServerError("\($0) text of the server's").advice }
    #expect(Set(advice.map(\.meaning)).count == Self.codes.count)
    #expect(advice.allSatisfy { !$0.next.isEmpty && !$0.remedy.isEmpty && $0.pause <= 5000 })
    #expect(
      advice.map(\.wayBack) == [
        .retrySoon, .keepCommand, .keepCommand, .retrySlowly, .leaveOut, .leaveOut, .keepCommand, .relocate,
        .reloadScript, .retrySlowly, .retrySoon, .retrySoon, .relocate, .relocate, .retrySoon, .retrySoon,
      ])
    #expect(ServerError("STRANGE thing").advice.meaning.contains("no entry"))
    #expect(ServerError("MOVED 866 10.0.0.7:6380").advice.meaning.hasSuffix("(it names 10.0.0.7:6380)"))
  }

  @Test func keyOfAnotherTypeIsLeftOutAndTheRestGoesOn() throws {
    _ = try server.call("SET", "wrong", "text")
    try server.add(1...2)
    let follower = Follower(server) { $0.streams = [Array("wrong".utf8), Array("more".utf8)] }
    try server.wait { follower.isCaughtUp && follower.numbers.count == 2 }
    try server.add(3...3, to: "more")
    try server.wait { follower.numbers.count == 3 }
    #expect(follower.seen.filter { $0.hasPrefix("refused") } == ["refused wrong WRONGTYPE"])
    #expect(!follower.states.contains { if case .down = $0 { true } else { false } })
    // It is looked at again, and read from the place where it was left.
    _ = try server.call("DEL", "wrong")
    try server.add(4...4, to: "wrong")
    try server.wait { follower.numbers.count == 4 }
    #expect(follower.seen.contains("served wrong"))
  }

  @Test func userWithoutTheAuditStillGetsEvents() throws {
    _ = try server.call(
      "ACL", "SETUSER", "bob", "on", ">pw", "+@all", "~agentos:events", "~agentos:handler", "allchannels")
    var endpoint = server.endpoint
    endpoint.user = "bob"
    endpoint.password = "pw"
    let follower = Follower(server, at: endpoint)
    try server.add(1...2)
    try server.wait { follower.numbers.count == 2 && follower.isCaughtUp && follower.isUp }
    let refused = follower.seen.filter { $0.hasPrefix("refused") }.sorted()
    #expect(
      refused == [
        "refused agentos:audit NOPERM", "refused alerts NOPERM", "refused automation NOPERM",
        "refused proposals NOPERM", "refused undelivered NOPERM",
      ])
    _ = try server.call("ACL", "SETUSER", "bob", "~*")
    try server.wait { follower.seen.contains("served agentos:audit") }
  }

  @Test func userWithoutChannelsStillGetsStreams() throws {
    _ = try server.call("ACL", "SETUSER", "bob", "on", ">pw", "+@all", "~*", "resetchannels")
    var endpoint = server.endpoint
    endpoint.user = "bob"
    endpoint.password = "pw"
    let follower = Follower(server, at: endpoint)
    try server.add(1...2)
    try server.wait { follower.numbers.count == 2 && follower.seen.contains("refused channels NOPERM") }
    #expect(follower.isUp)
    _ = try server.call("ACL", "SETUSER", "bob", "allchannels")
    try server.wait { follower.seen.contains("served channels") }
    try server.publish(3...3)
    try server.wait { follower.numbers.count == 3 }
  }

  @Test(arguments: [nil, "wrong"] as [String?]) func wrongPasswordIsTriedAgainSlowly(_ password: String?) throws {
    let locked = try TestServer(password: "right")
    var endpoint = locked.endpoint
    endpoint.password = password
    let follower = Follower(locked, at: endpoint)
    try locked.wait { follower.isDown && follower.states.count >= 2 }
    guard case .down(let since, .some(let retryAt), let reason) = follower.states.first else {
      Issue.record("\(follower.states)")
      return
    }
    #expect(reason.contains(password == nil ? "NOAUTH" : "WRONGPASS"))
    #expect(retryAt.milliseconds(since: since) > 2000)
    #expect(!reason.contains("wrong "))
  }

  @Test func loadingServerIsAskedEachSecondUntilItServes() throws {
    var isLoading = true
    var loaded = 0
    let fake = try FakeServer(loop: server.loop) { request in
      switch request[0] {
      case "PING" where isLoading:
        loaded += 1
        return "-LOADING Redis is loading the dataset in memory\r\n"
      case "TIME": return "*2\r\n$10\r\n1795334400\r\n$1\r\n0\r\n"
      case "SUBSCRIBE", "XREAD": return "*-1\r\n"
      case "PSUBSCRIBE": return ""
      default: return "+OK\r\n"
      }
    }
    let follower = Follower(server, at: fake.endpoint)
    try server.wait { loaded >= 6 }
    for case .down(_, .some(let retryAt), let reason) in follower.states {
      #expect(reason.contains("LOADING"))
      #expect(retryAt.milliseconds(since: .now) <= 1000)
    }
    isLoading = false
    try server.wait { follower.isUp }
    #expect(loaded < 12)
  }

  @Test func wrongNodeIsLeftWithItsWords() throws {
    let fake = try FakeServer(loop: server.loop) { request in
      switch request[0] {
      case "TIME": "*2\r\n$10\r\n1795334400\r\n$1\r\n0\r\n"
      case "XREAD", "XINFO", "GET", "MGET", "HGETALL": "-MOVED 866 10.0.0.7:6380\r\n"
      case "PSUBSCRIBE": ""
      default: "+OK\r\n"
      }
    }
    let follower = Follower(server, at: fake.endpoint)
    try server.wait { follower.isDown }
    #expect(!follower.isCaughtUp)
    for case .down(_, let retryAt, let reason) in follower.states {
      #expect(reason.contains("MOVED 866 10.0.0.7:6380"))
      // It is not met again and again without a pause.
      if let retryAt { #expect(retryAt.milliseconds(since: .now) > 0) }
    }
  }

  @Test func leaseThatIsRefusedIsNotAnAbsentHandler() throws {
    try server.forbidLease()
    let follower = Follower(server)
    try server.wait { follower.seen.contains("refused lease NOPERM") && follower.isCaughtUp && follower.isUp }
    #expect(follower.handlers.isEmpty)
    _ = try server.call("ACL", "SETUSER", "default", "~*")
    try server.wait { follower.seen.contains("served lease") && !follower.handlers.isEmpty }
    #expect(follower.handlers.first == .some(nil))
  }

  @Test func switchThatIsRefusedLeavesTheLease() throws {
    _ = try server.call("SET", "agentos:automation", "on")
    let lease = Lease(id: "h1", fence: 1, isRecording: true, since: .epoch)
    _ = try server.call("SET", "agentos:handler", LeaseCoding.encode(lease))
    _ = try server.call(
      "ACL", "SETUSER", "default", "resetkeys", "~agentos:events", "~agentos:audit", "~agentos:handler")
    let follower = Follower(server)
    try server.wait { follower.seen.contains("refused automation NOPERM") && follower.handlers.last == "h1" }
    #expect(follower.isUp && follower.settings.isEmpty)
    #expect(!follower.seen.contains("refused lease NOPERM"))
    _ = try server.call("ACL", "SETUSER", "default", "~*")
    try server.wait { follower.seen.contains("served automation") && follower.settings.last == .set(.on) }
    // From then on both come with one answer again.
    let asked = try server.call("INFO", "commandstats").text.map { $0.contains("cmdstat_mget") }
    #expect(asked == true)
  }

  @Test func switchAndProposalsAreTold() throws {
    let proposal = Proposal(
      id: ProposalID("p1"), rule: "r", agent: "a", steps: [], reason: "", digest: "d", madeAt: .epoch,
      expiresAt: .epoch)
    let sealed = ProposalCoding.encode(ProposalCoding.sealed(proposal))
    _ = try server.call(
      "HSET", "agentos:proposals", "p1", sealed, "p2", "{}", "p3", sealed, "p4", ProposalCoding.encode(proposal))
    let follower = Follower(server)
    try server.wait { follower.seen.contains("proposal p1") && !follower.settings.isEmpty }
    #expect(follower.seen.contains("unreadable no proposal"))
    #expect(follower.seen.count { $0 == "unreadable a proposal that was altered" } == 2)
    #expect(follower.seen.count { $0.hasPrefix("proposal ") } == 1)
    #expect(follower.settings.first == .unset)
    _ = try server.call("SET", "agentos:automation", "off")
    try server.wait { follower.settings.last == .set(.off) }
    _ = try server.call("SET", "agentos:automation", "everything")
    try server.wait { follower.settings.last == .unset }
  }

  /// A server calls it `ERR` if the script does not catch it.
  @Test(arguments: [["-get"], ["resetkeys", "~other"]]) func permissionThatAScriptLacksIsOneToo(rule: [String]) throws {
    _ = try server.call(all: ["ACL", "SETUSER", "bob", "on", ">pw", "+@all", "~*"] + rule)
    _ = try server.call("AUTH", "bob", "pw")
    let reply = try server.call("EVAL", "return redis.call('GET', 'a key')", 0)
    #expect(reply.error?.code == "NOPERM")
  }
}
