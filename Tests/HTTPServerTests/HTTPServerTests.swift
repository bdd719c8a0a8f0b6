import Exposition
import Glibc
import HTTP
import Loop
import TestSupport
import TestThreads
import Testing

@testable import HTTPServer

/// The server with real clients, in one loop with them.
@Suite(.threaded) struct HTTPServerTests {
  private let loop: Loop

  init() throws { loop = try Loop() }

  private func server(
    _ limits: HTTPServer.Limits = .init(), _ respond: @escaping HTTPServer.Responder
  ) throws -> HTTPServer {
    try HTTPServer(loop: loop, address: [127, 0, 0, 1], port: 0, limits: limits, respond)
  }

  private func ask(
    _ server: HTTPServer, _ path: String = "/", method: String = "GET", headers: [HTTPRequest.Header] = [],
    body: [UInt8] = []
  ) throws -> HTTPResponse {
    let client = try HTTPClient(loop: loop)
    var found: HTTPResult?
    let url = "http://127.0.0.1:\(server.port)\(path)"
    client.send(HTTPRequest(method: method, url: url, headers: headers, body: body)) { found = $0 }
    try loop.wait { found != nil }
    guard case .response(let response) = found else { throw NoAnswer(words: "\(String(describing: found))") }
    return response
  }

  private struct NoAnswer: Error { var words: String }

  @Test func requestIsTakenAsItWasSent() throws {
    var requests: [ServedRequest] = []
    let server = try server { request, reply in
      requests.append(request)
      reply(ServedReply(200, "hello", headers: ["X-More": "1"]))
    }
    let response = try ask(
      server, "/metrics?format=text&x=1", headers: [.init("Accept", "text/plain"), .init("Authorization", "Bearer t")])
    #expect(response.status == 200 && response.body == Array("hello\n".utf8))
    #expect(response.headers["x-more"] == "1" && response.headers["connection"] == "close")
    #expect(
      requests == [
        ServedRequest(path: "/metrics", accept: "text/plain", authorization: "Bearer t", format: "text")
      ])
  }

  @Test func replyMayComeLater() throws {
    var waiting: [(ServedReply) -> Void] = []
    let server = try server { _, reply in waiting.append(reply) }
    let client = try HTTPClient(loop: loop)
    var found: [HTTPResult] = []
    for _ in 0..<3 { client.send(HTTPRequest(url: "http://127.0.0.1:\(server.port)/")) { found.append($0) } }
    try loop.wait { waiting.count == 3 }
    #expect(found.isEmpty)
    for reply in waiting { reply(ServedReply(200, "at last")) }
    try loop.wait { found.count == 3 }
    for result in found {
      guard case .response(let response) = result else { throw NoAnswer(words: "\(result)") }
      #expect(response.body == Array("at last\n".utf8))
    }
    // A second reply to the same request changes nothing.
    waiting[0](ServedReply(500, "never"))
    try loop.wait { server.connectionCount == 0 }
  }

  @Test func longBodyArrivesWhole() throws {
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let server = try server { _, reply in
      reply(ServedReply(200, body: [Array(body[..<70_000]), [], Array(body[70_000...])]))
    }
    let client = try RawClient.get("/", port: server.port, on: loop)
    #expect(client.text.hasPrefix("HTTP/1.1 200 ") && client.body.elementsEqual(body))
  }

  @Test func headOfALongBodyHasItsLengthAndNoBody() throws {
    let server = try server { _, reply in reply(ServedReply(200, body: [.init(repeating: 7, count: 100_000)])) }
    let text = try exchange(server, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(text.hasPrefix("HTTP/1.1 200 "))
    #expect(text.contains("Content-Length: 100000\r\n") && text.hasSuffix("\r\n\r\n"))
  }

  // MARK: Clients that are not well-behaved

  /// Sends bytes, and gives all that comes back until the end.
  private func exchange(_ server: HTTPServer, _ bytes: String) throws -> String {
    let client = try RawClient(port: server.port)
    client.send(bytes)
    try loop.wait { client.isOver }
    return client.text
  }

  @Test func requestThatIsTooLargeIsRefusedOrCut() throws {
    var count = 0
    let server = try server { _, reply in
      count += 1
      reply(ServedReply(200, "yes"))
    }
    let text = try exchange(
      server, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: \(String(repeating: "a", count: 40_000))\r\n\r\n")
    #expect(!text.hasPrefix("HTTP/1.1 200"))
    #expect(count == 0)
    #expect(try ask(server).status == 200)
  }

  @Test(arguments: ["\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "{}\r\n\r\n"])
  func nonsenseEndsItsConnectionAlone(_ bytes: String) throws {
    let server = try server { _, reply in reply(ServedReply(200, "yes")) }
    let text = try exchange(server, bytes)
    #expect(!text.hasPrefix("HTTP/1.1 200"))
    #expect(try ask(server).status == 200)
  }

  @Test func bodyIsToldOfAndNotRead() throws {
    var requests: [ServedRequest] = []
    let server = try server { request, reply in
      requests.append(request)
      reply(ServedReply(413, "too much"))
    }
    #expect(try ask(server, method: "POST", body: .init(repeating: 0x61, count: 10)).status == 413)
    #expect(requests.map(\.hasBody) == [true])
  }

  /// Who sends a byte now and then, and never all, is cut off when its time is over; others are served meanwhile.
  @Test func slowClientIsCutOff() throws {
    var limits = HTTPServer.Limits()
    limits.span = 200
    let server = try server(limits) { _, reply in reply(ServedReply(200, "yes")) }
    let slow = try RawClient(port: server.port)
    slow.send("GET / HTTP/1.1\r\nHost: x")
    try loop.wait { server.connectionCount == 1 }
    #expect(try ask(server).status == 200)
    try loop.wait {
      slow.send("a")
      return slow.isOver
    }
    try loop.wait { server.connectionCount == 0 }
    #expect(slow.text.isEmpty)
  }

  /// Who reads nothing of a long page is cut off too.
  @Test func clientThatReadsNothingIsCutOff() throws {
    var limits = HTTPServer.Limits()
    limits.span = 200
    let server = try server(limits) { _, reply in reply(ServedReply(200, body: [.init(repeating: 1, count: 40 << 20)]))
    }
    let slow = try RawClient(port: server.port)
    slow.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    try loop.wait { server.connectionCount == 1 }
    try loop.wait { server.connectionCount == 0 }
  }

  @Test func connectionsAreBoundedAndTheNextWaitsForItsTurn() throws {
    var limits = HTTPServer.Limits()
    (limits.connections, limits.span) = (2, 300)
    let server = try server(limits) { _, reply in reply(ServedReply(200, "yes")) }
    let idle = try (0..<2).map { _ in try RawClient(port: server.port) }
    try loop.wait { server.connectionCount == 2 }
    let next = try RawClient(port: server.port)
    next.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    try loop.wait { next.isOver }
    #expect(next.text.hasPrefix("HTTP/1.1 200 "))
    #expect(server.connectionCount <= 2)
    withExtendedLifetime(idle) {}
  }

  @Test func clientThatLeavesWhileItsReplyIsMadeHarmsNobody() throws {
    var waiting: [(ServedReply) -> Void] = []
    let server = try server { _, reply in waiting.append(reply) }
    var client: RawClient? = try RawClient(port: server.port)
    client?.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    try loop.wait { waiting.count == 1 }
    client = nil
    waiting[0](ServedReply(200, body: [.init(repeating: 1, count: 1 << 20)]))
    try loop.wait { server.connectionCount == 0 }
  }

  @Test func serverThatIsLetGoClosesConnectionsThatWait() throws {
    var waiting: [(ServedReply) -> Void] = []
    var server: HTTPServer? = try server { _, reply in waiting.append(reply) }
    let client = try RawClient(port: try #require(server).port)
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    try loop.wait { waiting.count == 1 }
    server = nil
    try loop.wait { client.isOver }
    waiting[0](ServedReply(200, "too late"))
    loop.turn(atMostMilliseconds: 0)
    #expect(client.text.isEmpty)
  }

  // MARK: Where it listens

  @Test func portThatIsInUseIsSaid() throws {
    let first = try server { _, reply in reply(ServedReply(200, "yes")) }
    let error = #expect(throws: SystemError.self) {
      _ = try HTTPServer(loop: loop, address: [127, 0, 0, 1], port: first.port) { _, _ in }
    }
    #expect(error?.code == EADDRINUSE && error?.description == "listen: Address already in use")
  }

  @Test func listensOnIPv6Too() throws {
    let address = [UInt8](repeating: 0, count: 15) + [1]
    let server = try HTTPServer(loop: loop, address: address, port: 0) { _, reply in reply(ServedReply(200, "six")) }
    let client = try HTTPClient(loop: loop)
    var found: HTTPResult?
    client.send(HTTPRequest(url: "http://[::1]:\(server.port)/")) { found = $0 }
    try loop.wait { found != nil }
    guard case .response(let response) = found else { throw NoAnswer(words: "\(String(describing: found))") }
    #expect(response.body == Array("six\n".utf8))
  }
}
