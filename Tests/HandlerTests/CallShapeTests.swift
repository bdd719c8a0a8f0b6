import Automation
import Execution
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import HTTP
@testable import Handler

/// A value of a command or event fills its place in a request or a program's arguments, and does nothing else.
@Suite(.threaded) struct CallShapeTests {
  private static func template(_ text: String) -> Template { (try? Template(text)) ?? Template(text: "broken") }

  private static func call(_ agent: String, _ arguments: [String: String] = [:], reason: String = "") -> ActuatorCall {
    ActuatorCall(
      name: "pause", target: AgentID(agent), arguments: arguments, key: "c1/\(agent)", commandID: CommandID("c1"),
      operator: "alice", reason: reason)
  }

  private static func address(_ url: String, _ call: ActuatorCall) throws(Refusal) -> String {
    try HTTPActuator(url: template(url)).request(for: call).url
  }

  // MARK: The address

  @Test(arguments: [
    ".", "..", "", "%2e%2e", "%2E", ".%2e", "%252e%252e", "../restart", "a/../b", "a/..", "./b", "..\\restart",
    "%2e%2e%2frestart", "a\\..\\b", "%5c..%5c", "..;", "..;x=1", ".. ", "..\u{0}", ".\n.", "\t..",
  ])
  func valueThatWouldLeadElsewhereIsNotSent(_ value: String) {
    for url in [
      "http://h/agents/{agent}/scale", "http://h/agents/{agent}", "http://h/{agent}?x=1", "http://h/{agent}#f",
    ] {
      #expect(throws: Refusal.self) { try Self.address(url, Self.call(value)) }
    }
  }

  @Test(arguments: [
    ("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("a\r\nb", "a%0D%0Ab"), ("ö ", "%C3%B6%20"), ("...", "..."),
    ("a..b", "a..b"), (".a", ".a"), ("%2f", "%252f"), ("\\", "%5C"), ("a@h:1", "a%40h%3A1"), (";x", "%3Bx"),
    ("\u{0}", "%00"), ("?", "%3F"), ("..a/b..", "..a%2Fb.."),
  ])
  func otherValuesFillTheirSegment(_ value: String, _ encoded: String) throws {
    #expect(try Self.address("http://h/agents/{agent}/scale", Self.call(value)) == "http://h/agents/\(encoded)/scale")
  }

  /// `%252525…2e` hides a dot behind as many levels as it is long.
  @Test func valueThatIsEncodedAgainAndAgainIsNotSent() throws {
    func levels(_ count: Int) -> String { "%" + String(repeating: "25", count: count - 1) + "41" }
    #expect(throws: Never.self) { try Self.address("http://h/{agent}/x", Self.call(levels(4))) }
    for count in [5, 6, 900] {
      #expect(
        throws: Refusal(
          "not sent: \"\(levels(count).clipped(toBytes: 100))\" in the address is encoded more than 4 times")
      ) {
        try Self.address("http://h/{agent}/x", Self.call(levels(count)))
      }
    }
  }

  @Test func hugeValueIsNotSentOrGivenToAProgram() throws {
    func call(_ count: Int) -> ActuatorCall { Self.call("a", ["x": String(repeating: "%25", count: count / 3)]) }
    #expect(throws: Refusal.self) {
      try Self.address("http://h/{args.x}/y", Self.call("a", ["x": String(repeating: "x", count: 2049)]))
    }
    #expect(throws: Refusal("not sent: a value in the address has 1900002 bytes; at most 2048 may stand there")) {
      try Self.address("http://h/{args.x}/y", call(1_900_002))
    }
    #expect(throws: Refusal("not sent: a value in the address has 1900002 bytes; at most 8192 may stand there")) {
      try Self.address("http://h/y?x={args.x}", call(1_900_002))
    }
    #expect(throws: Never.self) { try Self.address("http://h/y?x={args.x}", call(8190)) }
    var actuator = HTTPActuator(url: Self.template("http://h/"))
    actuator.headers = [.init(name: "X-Why", value: Self.template("{args.x}"))]
    #expect(throws: Refusal("not sent: the header X-Why would have 1900002 bytes; at most 8192 may")) {
      try actuator.request(for: call(1_900_002))
    }
    #expect(throws: Refusal.self) { try Self.arguments(["x{args.x}"], call(131_073)) }
    #expect(try Self.arguments(["{args.x}"], call(131_070))[1].utf8.count == 131_070)
    let exec = ExecActuator(arguments: [Self.template("/p")], environment: ["A": Self.template("{args.x}")])
    #expect(throws: Refusal.self) { try exec.environment(for: call(131_070)) }
  }

  @Test func partsOfASegmentAreReadTogether() throws {
    let dots = Self.call("agent", ["a": ".", "b": ".", "c": "", "d": "y/.."])
    #expect(throws: Refusal.self) { try Self.address("http://h/{args.a}{args.b}/x", dots) }
    #expect(throws: Refusal.self) { try Self.address("http://h/.{args.b}/x", dots) }
    #expect(throws: Refusal.self) { try Self.address("http://h/%2e{args.b}/x", dots) }
    #expect(throws: Refusal.self) { try Self.address("http://h/x-{args.d}/x", dots) }
    #expect(try Self.address("http://h/id-{args.c}/..{agent}/x", dots) == "http://h/id-/..agent/x")
  }

  @Test func queryTakesAnyValueAsOne() throws {
    let call = Self.call("..", ["x": "", "y": "1&z=2#f"])
    #expect(
      try Self.address("http://h/p?a={agent}&x={args.x}&y={args.y}", call) == "http://h/p?a=..&x=&y=1%26z%3D2%23f")
  }

  /// Whatever is sent has the scheme, the host and the number of segments that the file gives it, and none that climbs.
  @Test func noValueChangesTheShape() throws {
    let pieces = [
      ".", "..", "/", "\\", "%2e", "%2f", "%", "?", "#", "@", ":", "//", "\n", "\u{0}", "a", "é", ";", "%252e", "",
    ]
    var random = SeededRandom(seed: 13)
    var sent = 0
    for _ in 0..<5000 {
      let value = (0..<Int.random(in: 0...4, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
        .joined()
      guard let url = try? Self.address("https://h:1/a/{agent}/b/x{reason}?q={agent}", Self.call(value, reason: value))
      else {
        continue
      }
      sent += 1
      let path = url.dropFirst("https://h:1/".count).prefix { $0 != "?" }.split(
        separator: "/", omittingEmptySubsequences: false)
      #expect(
        url.hasPrefix("https://h:1/a/") && path.count == 4 && path[2] == "b" && path[3].hasPrefix("x"), "\(value)")
      #expect(!path.contains(".") && !path.contains("..") && !path.contains(""), "\(value)")
      #expect(url.filter { $0 == "?" }.count == 1 && !url.contains("#"), "\(value)")
    }
    #expect(sent > 500)
  }

  // MARK: Headers and body

  @Test func headerStaysOneLine() throws {
    var actuator = HTTPActuator(url: Self.template("http://h/"))
    actuator.headers = [.init(name: "X-Why", value: Self.template("{reason}"))]
    let request = try actuator.request(for: Self.call("a", reason: "x\r\nHost: evil\u{0}é"))
    #expect(request.headers.first == .init("X-Why", "x%0D%0AHost: evil%00é"))
    #expect(throws: Never.self) { try request.checked() }
  }

  private static func body(
    _ text: String, _ call: ActuatorCall, type: String? = nil
  ) throws(Refusal) -> String {
    var actuator = HTTPActuator(url: template("http://h/"), body: template(text))
    if let type { actuator.headers = [.init(name: "content-type", value: template(type))] }
    return String(decoding: try actuator.request(for: call).body ?? [], as: UTF8.self)
  }

  @Test func valueInQuotesStaysInThem() throws {
    let body = try Self.body(
      #"{{"x": "{reason}", "q\"": "{agent}"}}"#, Self.call("a\"b", reason: "\", \"admin\": true, \\\n"))
    #expect(body == #"{"x": "\", \"admin\": true, \\\n", "q\"": "a\"b"}"#)
    #expect(try JSONValue.parse(Array(body.utf8))["x"]?.text == "\", \"admin\": true, \\\n")
  }

  @Test(arguments: ["3", "-0.5", "1e9", "true", "null", "0"]) func numberNeedsNoQuotes(_ value: String) throws {
    let call = Self.call("a", ["n": value])
    #expect(try Self.body(#"{{"n": {args.n}, "m": [{args.n}]}}"#, call) == #"{"n": \#(value), "m": [\#(value)]}"#)
  }

  @Test(arguments: [
    #"2, "admin": true"#, "2}", "", "15m", "+1", "01", "1.", ".5", "NaN", "- 1", "1 ", "1\u{301}", "truE", #""x""#,
    "--1", "1e",
  ])
  func anythingElseOutsideOfQuotesIsNotSent(_ value: String) {
    #expect(throws: Refusal.self) { try Self.body(#"{{"n": {args.n}}}"#, Self.call("a", ["n": value])) }
  }

  @Test func formTakesAnyValueAsOne() throws {
    let call = Self.call("a&b=c", reason: "x y+z%")
    #expect(
      try Self.body("agent={agent}&why={reason}", call, type: "application/x-www-form-urlencoded; charset=utf-8")
        == "agent=a%26b%3Dc&why=x%20y%2Bz%25")
  }

  // MARK: Programs

  private static func arguments(_ argv: [String], _ call: ActuatorCall) throws(Refusal) -> [String] {
    try ExecActuator(arguments: (["/p"] + argv).map(template)).arguments(for: call)
  }

  @Test(arguments: ["--help", "-", "-1", "-\u{301}x", "@/etc/passwd", "@", "--\n"])
  func valueIsNoOption(_ value: String) {
    #expect(throws: Refusal.self) { try Self.arguments(["{agent}"], Self.call(value)) }
    #expect(throws: Refusal.self) { try Self.arguments(["{args.none}{agent}"], Self.call(value)) }
    #expect(throws: Refusal.self) { try Self.arguments(["{agent}", "--", "x"], Self.call(value)) }
  }

  @Test func fileMaySayWhatAValueIs() throws {
    let call = Self.call("--help", ["file": "@x"])
    #expect(try Self.arguments(["--agent={agent}"], call) == ["/p", "--agent=--help"])
    #expect(try Self.arguments(["-v", "--", "{agent}"], call) == ["/p", "-v", "--", "--help"])
    #expect(try Self.arguments(["--file={args.file}", "x{agent}"], call) == ["/p", "--file=@x", "x--help"])
    #expect(throws: Refusal.self) { try Self.arguments(["--", "{args.file}"], call) }
  }

  @Test func valueIsOneArgumentWhateverItHolds() throws {
    let call = Self.call("a b\nc", ["empty": ""])
    #expect(try Self.arguments(["{agent}", "{args.empty}", "z"], call) == ["/p", "a b\nc", "", "z"])
  }

  @Test func zeroByteIsGivenToNoProgram() {
    let exec = ExecActuator(arguments: [Self.template("/p")], environment: ["A": Self.template("{reason}")])
    #expect(throws: Refusal.self) { try exec.environment(for: Self.call("a", reason: "x\u{0}y")) }
    #expect(throws: Refusal.self) { try Self.arguments(["x{agent}"], Self.call("\u{0}")) }
  }

  // MARK: All the way

  @Test func climbingAgentReachesNoServiceAndIsTold() throws {
    let scene = try HandlerScene(start: false)
    let service = try MockService(loop: scene.server.loop) { _ in .status(200) }
    let http = HTTPActuator(method: "POST", url: Self.template(service.url("/agents/{agent}/pause")))
    try scene.startHandler("h1") { $0.actuators = ActuatorTable(actions: [.pause: .http(http)]) }
    let lines = try scene.send(.pause, [".."])
    #expect(lines.last?.phase == .failed)
    #expect(lines.last?.detail == "not sent: \"..\" in the address would lead to another one")
    #expect(service.requests.isEmpty)
    #expect(try scene.record("..") == AgentRecord())
  }

  @Test func lookUpThatWouldLeadElsewhereIsLeftToAPerson() throws {
    let scene = try HandlerScene(start: false)
    let service = try MockService(loop: scene.server.loop) { _ in .hangUp }
    let lookUp = HTTPActuator(method: "GET", url: Self.template(service.url("/done/{agent}")))
    let http = HTTPActuator(url: Self.template(service.url("/restart?agent={agent}")), repeat: .lookUp(lookUp))
    try scene.startHandler("h1") { $0.actuators = ActuatorTable(actions: [.restart: .http(http)]) }
    let lines = try scene.send(.restart, [".."])
    #expect(lines.last?.phase == .unknown)
    #expect(service.requests.map(\.path) == ["/restart?agent=.."])
  }
}
