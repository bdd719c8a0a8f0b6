import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// What console and tools do without one right after the other: the rest goes on, and a line names the right.
@Suite(.threaded) struct AccessLossTests {
  /// What is done without, and nobody says so: a connection's name and ping, and the cursor: without it alerts are read
  /// each time.
  private static let silent: Set = ["+ping", "+client|setname", "%R~agentos:cursor"]

  private let scene: AccessScene

  init() throws { scene = try AccessScene(prefix: "agentos") }

  /// An operator's rights on each key by itself.
  private var rights: [String] {
    let table = AccessTable(.operator("ada"), scene.keys)
    let names = AccessTable.unique(table.rows.map(\.key)).filter { !$0.isEmpty && $0 != scene.keys.mark("*") }
    let written = [scene.keys.commands, scene.keys.commands(of: "ada")]
    func text(_ key: [UInt8]) -> String { String(decoding: key, as: UTF8.self) }
    return table.grants(in: .redis7)[0].commands.map { "+\($0)" } + table.channels.map { "&\(text($0))" }
      + names.filter { !written.contains($0) }.map { "%R~\(text($0))" } + ["~\(text(scene.keys.commands))"]
  }

  private func allow(_ rights: [String]) throws -> String {
    let words: [any RequestArgument] = ["ACL", "SETUSER", "ada", "reset", "on", ">secret", "resetchannels"] + rights
    #expect(try scene.server.call(all: words).error == nil)
    return scene.url("ada")
  }

  private func prepare() throws {
    let server = scene.server
    try server.know("a-1")
    // Who turned the switch is looked up in the audit, from its end.
    _ = try server.call("SET", scene.keys.automation, "on")
    try server.store((0..<60).map { $0 < 50 ? 1 : 900 }, of: "a-1", .queueSize)
    var insight = AgentInsight(at: try server.time())
    insight.health = 0.5
    _ = try server.call("XADD", "agentos:events", "*", "__data__", TestServer.event("a-1"))
    _ = try server.call("HSET", scene.keys.insight, "a-1", InsightCoding.encode(insight))
    _ = try server.call("ZADD", scene.keys.insightChanged, 1000, "a-1")
    _ = try server.call("XADD", scene.keys.dead, "*", "source", scene.keys.events, "id", "1-1", "reason", "x")
    _ = try server.call("HSET", scene.keys.agent("a-1"), "state", "running", "version", "1")
  }

  /// What the feed of a console says of a user: the errors by which something is not served.
  private func refusals(_ url: String) throws -> [String] {
    let follower = Follower(scene.server, at: try Endpoint(url: url)) { $0.patience.insight = 50 }
    defer { follower.feed.stop() }
    // Whatever is refused, the links stand and the rest is read.
    try scene.server.wait { follower.isUp }
    let deadline = MonotonicTime.now.adding(milliseconds: 700)
    while MonotonicTime.now < deadline { scene.server.loop.turn(atMostMilliseconds: 20) }
    return follower.feed.refusals.values.map(\.text)
  }

  private static let tools: [[String]] = [
    ["status", "--json"], ["history", "a-1"], ["what-changed", "--from", "10m"], ["forecast"],
    ["forecast", "--backtest"], ["queues"], ["waiting"], ["maintenance"], ["tuning"], ["levels", "a-1"], ["budgets"],
    ["proposals"],
    ["automation"],
    ["dead", "list"], ["runbook", "tally"], ["audit"], ["send", "pause", "a-1", "--wait", "1s"],
    ["tail", "--history", "1h", "--count", "1"],
  ]

  @Test func everyRightThatIsTakenAwayIsNamedAndTheRestGoesOn() throws {
    guard !scene.isOld else { return }
    try prepare()
    let all = rights
    #expect(try refusals(allow(all)) == [])
    for right in all where !Self.silent.contains(right) {
      let url = try allow(all.filter { $0 != right })
      let before = try scene.server.call("XLEN", scene.keys.commands).integer ?? 0
      var told = try refusals(url)
      for arguments in Self.tools where told.isEmpty || arguments[0] == "send" {
        let result = try scene.run(url, arguments)
        // 3: nobody answers the command here.
        if [0, 3].contains(result.status), !result.errors.contains("NOPERM") { continue }
        told.append(result.errors)
        #expect(result.status != 0 || !result.output.isEmpty, "\(right) \(arguments): \(result)")
      }
      #expect(told.contains { Self.names($0, right) }, "\(right): \(told)")
      // A command is given whole, or not at all.
      let sent = (try scene.server.call("XLEN", scene.keys.commands).integer ?? 0) - before
      #expect(sent == 0 || sent == 1, "\(right)")
      if ["+xadd", "~agentos:commands"].contains(right) { #expect(sent == 0, "\(right)") }
    }
  }

  /// Whether an error names the command, or says that it is of a key or a channel.
  private static func names(_ text: String, _ right: String) -> Bool {
    guard right.hasPrefix("+") else {
      return right.hasPrefix("&") ? text.contains("channel") || text.contains("may not do that") : text.contains("key")
    }
    return text.contains("'\(right.dropFirst())'")
  }
}
