import FleetModel
import Loop
import Screen
import TestSupport
import TestThreads
import Testing
import Wire

/// The switch of the rules and their proposals, by the tools and on a terminal.
@Suite(.threaded) struct AutomationTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  private func handler() throws -> Program { try Program([], on: server.endpoint, name: "vigia-handler") }

  @discardableResult
  private func propose(
    _ id: String = "p1", rule: String = "coupon", lasting span: TimeSpan = .minutes(15)
  ) throws -> String {
    let now = Instant(milliseconds: try #require(try server.call("TIME").elements?[0].integer) * 1000)
    let proposal = ProposalCoding.sealed(
      Proposal(
        id: ProposalID(id), rule: rule, agent: "a",
        steps: [.init(action: "offer_coupon", target: "a", arguments: ["conversation_ids": "c-1"])],
        reason: "avg_rating is 1.9", digest: "", madeAt: now, expiresAt: now + span))
    _ = try server.call("HSET", "agentos:proposals", id, ProposalCoding.encode(proposal))
    return proposal.digest
  }

  /// The commands so far, oldest first.
  private func commands() throws -> [Command] {
    try (server.call("XRANGE", "agentos:commands", "-", "+").elements ?? []).compactMap { entry in
      try entry.elements?[1].elements?[1].bytes.map { try CommandCoding.decode($0) }
    }
  }

  @Test func switchIsTurnedAndTold() throws {
    #expect(try Program.run("automation", on: server.endpoint) == .init(0, "dry: nobody has switched it on\n"))
    #expect(
      try Program.run("automation", "--json", on: server.endpoint)
        == .init(0, "{\"mode\":\"dry\",\"switched\":false}\n"))
    let handler = try handler()
    defer { handler.child.signal(15) }
    let turned = try Program.run("automation", "on", "--reason", "tested", on: server.endpoint)
    #expect(
      turned == .init(0, "sent       automation mode=on\nreceived\nsucceeded  automation dry → on\n"))
    #expect(try server.call("GET", "agentos:automation").text == "on")
    let told = try Program.run("automation", on: server.endpoint)
    #expect(told.status == 0 && told.output.hasPrefix("on, by ") && told.output.contains(" at 20"))
    let json = try JSONValue.parse(Array(try Program.run("automation", "--json", on: server.endpoint).output.utf8))
    #expect(json["mode"] == "on" && json["switched"] == true && json["operator"]?.text?.contains("@") == true)
    // One who sets the key by hand leaves no line.
    _ = try server.call("SET", "agentos:automation", "off")
    #expect(try Program.run("automation", on: server.endpoint) == .init(0, "off\n"))
  }

  @Test func modeThatIsNoneIsWrongUsage() throws {
    #expect(try Program.run("automation", "maybe", on: server.endpoint).status == 64)
    #expect(try Program.run("send", "automation", "--arg", "mode=maybe", on: server.endpoint).status == 64)
  }

  @Test func proposalsAreListedAndAnswered() throws {
    #expect(try Program.run("proposals", on: server.endpoint) == .init(0, "no proposal waits for an answer\n"))
    let digest = try propose()
    try propose("late", lasting: .seconds(-1))
    let list = try Program.run("proposals", on: server.endpoint)
    #expect(list.status == 0)
    #expect(
      list.output.hasSuffix(
        "m\n  1. offer a coupon for a conversation_ids=c-1\n  because avg_rating is 1.9\n  sha256 \(digest)\n"))
    #expect(!list.output.contains("late"))
    let json = try Program.run("proposals", "--json", on: server.endpoint)
    #expect(try ProposalCoding.decode(json: JSONValue.parse(Array(json.output.utf8))).id == ProposalID("p1"))
    let prefix = digest.prefix(6).uppercased()
    #expect(try Program.run("approve", "p1", "--sha256", prefix, "--wait", "1s", on: server.endpoint).status == 3)
    #expect(try Program.run("reject", "p1", "--wait", "1s", on: server.endpoint).status == 3)
    let sent = try commands()
    #expect(sent.map(\.action) == [.approve, .reject])
    #expect(sent.allSatisfy { $0.arguments == ["proposal": "p1", "sha256": digest] && $0.targets.isEmpty })
  }

  @Test(arguments: [
    (["approve", "none"], "none: no such proposal"), (["reject", "late"], "late: has expired"),
    (["approve", "bad"], "bad: cannot be read"), (["reject", "moved"], "moved: stands under another id than its own"),
    (["approve", "altered"], "altered: was altered: its sha256 is not that of what it proposes"),
    (["approve", "p1", "--sha256", "xyz"], "p1: is another now, with sha256 DIGEST"),
  ])
  func whatCannotBeAnsweredIsSaid(_ arguments: [String], _ reason: String) throws {
    let digest = try propose()
    try propose("late", lasting: .seconds(-1))
    try propose("altered")
    let stored = try #require(try server.call("HGET", "agentos:proposals", "altered").text)
    _ = try server.call(
      "HSET", "agentos:proposals", "bad", "{}", "moved", stored, "altered", stored.replacing("c-1", with: "c-2"))
    let result = try Program(arguments, on: server.endpoint).finish()
    #expect(result == .init(1, errors: "vigia: \(reason.replacing("DIGEST", with: digest))\n"))
    #expect(try commands().isEmpty)
  }

  @Test func alteredProposalIsNotListed() throws {
    try propose()
    let stored = try #require(try server.call("HGET", "agentos:proposals", "p1").text)
    _ = try server.call("HSET", "agentos:proposals", "p1", stored.replacing("c-1", with: "c-2"))
    let list = try Program(["proposals"], on: server.endpoint).finish()
    #expect(list.output == "no proposal waits for an answer\n")
    #expect(list.errors == "vigia: p1: was altered: its sha256 is not that of what it proposes\n")
    #expect(try !Program.run("status", on: server.endpoint).output.contains("waits for an answer"))
  }

  @Test func hostileProposalIsScrubbed() throws {
    try propose("x\u{1B}[2J\u{202E}", rule: "r\u{9B}\u{7}")
    for arguments in [["proposals"], ["proposals", "--json"]] {
      let result = try Program(arguments, on: server.endpoint).finish()
      #expect(
        result.output.unicodeScalars.allSatisfy { $0 == "\n" || Scrubber.fate(of: $0) == .keep }, "\(result.output)")
    }
  }

  /// From the proposal on the screen to the command in the stream, and from the switch to every console.
  @Test func proposalIsApprovedAndTheSwitchTurnedAtTheConsole() throws {
    try propose()
    let console = try TmuxConsole("", on: server.endpoint, columns: 80, rows: 24)
    try console.wait(for: "automation dry")
    try console.wait(for: "A approve  D decline  offer a coupon for a")
    try console.press("A")
    try console.wait(for: "automation is dry: nothing approved would be done; m switches it on")
    _ = try server.call("SET", "agentos:automation", "on")
    try console.wait(for: "automation on")
    try console.press("A")
    try console.wait(for: "1. offer a coupon for a conversation_ids=c-1")
    try console.press("Escape")
    try console.wait(for: "cancelled: approve a proposal; nothing was sent")
    try console.press("D")
    try console.wait(for: "decline coupon for a?  nobody listens: no handler")
    try console.press("y")
    try server.wait { (try? commands().last?.action) == .reject }
    _ = try server.call("HDEL", "agentos:proposals", "p1")
    try console.press("m")
    try console.wait(for: "set the automation: mode=off")
    try console.press("Enter")
    try console.wait { $0.contains { $0.contains("mode=off?") } }
    try console.wait(for: "type ")
  }
}
