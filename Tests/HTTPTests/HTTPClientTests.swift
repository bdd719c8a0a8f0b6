import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import Testing

@testable import HTTP

@Suite struct HTTPClientTests {
  let loop: Loop
  let client: HTTPClient

  init() throws {
    loop = try Loop()
    client = try HTTPClient(loop: loop)
  }

  // MARK: What is sent

  @Test func requestArrivesAsItWasWritten() throws {
    let service = try MockService(loop: loop) { _ in .status(202, headers: [("X-Job", "j1")], "taken") }
    let request = HTTPRequest(
      method: "PATCH", url: service.url("/agents/a%2F1?x=1"),
      headers: [.init("Idempotency-Key", "c1/a1"), .init("X-Blank", " "), .init("Content-Type", "application/json")],
      body: Array("{\"n\":1}\0".utf8))
    #expect(try send(request) == .response(response(202, ["x-job": "j1"], "taken")))
    let got = try #require(service.requests.first)
    #expect(got.method == "PATCH")
    #expect(got.path == "/agents/a%2F1?x=1")
    #expect(got.text == "{\"n\":1}\0")
    #expect(got.headers["idempotency-key"] == ["c1/a1"])
    #expect(got.headers["x-blank"] == [""])
    #expect(got.headers["content-type"] == ["application/json"])
    #expect(got.headers["content-length"] == ["8"])
  }

  @Test(arguments: ["GET", "DELETE", "PURGE", "M-SEARCH"])
  func methodWithoutABodySendsNone(_ method: String) throws {
    let service = try MockService(loop: loop) { _ in .status(204) }
    #expect(try send(HTTPRequest(method: method, url: service.url())) == .response(response(204)))
    #expect(service.requests.map(\.method) == [method])
    #expect(service.requests.first?.headers["content-length"] == nil)
    #expect(service.requests.first?.headers["content-type"] == nil)
  }

  @Test(arguments: ["POST", "PUT", "PATCH"])
  func methodThatUsuallyHasABodySaysThatItIsEmpty(_ method: String) throws {
    let service = try MockService(loop: loop) { _ in .status(200) }
    #expect(try send(HTTPRequest(method: method, url: service.url())) == .response(response(200)))
    #expect(service.requests.first?.headers["content-length"] == ["0"])
    #expect(service.requests.first?.headers["content-type"] == nil)
  }

  /// A buffer with room behind it is sent as far as it is filled, short or long.
  @Test(arguments: [0, 5, 300_000, 2_999_999]) func bodyIsSentAsFarAsTheRequestSays(_ length: Int) throws {
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let service = try MockService(loop: loop) { _ in .status(200) }
    var request = HTTPRequest(method: "POST", url: service.url(), body: body)
    request.bodyLength = length
    #expect(try send(request) == .response(response(200)))
    #expect(service.requests.first?.body == Array(body[..<length]))
    #expect(service.requests.first?.headers["content-length"] == ["\(length)"])
  }

  @Test func longBodyIsSentWithoutWaitingForConsent() throws {
    let body = [UInt8](repeating: 0x61, count: 3_000_000)
    let service = try MockService(loop: loop) { _ in .status(200) }
    let request = HTTPRequest(method: "POST", url: service.url(), body: body)
    #expect(try send(request) == .response(response(200)))
    #expect(service.requests.first?.headers["expect"] == nil)
    #expect(service.requests.first?.body == body)
  }

  @Test func userOfTheURLBecomesBasicAuthentication() throws {
    let service = try MockService(loop: loop) { _ in .status(200) }
    _ = try send(HTTPRequest(url: "http://user:pass@127.0.0.1:\(service.port)/"))
    #expect(service.requests.first?.headers["authorization"] == ["Basic dXNlcjpwYXNz"])
  }

  @Test func requestsGoOutSideBySideAndEachOnAConnectionOfItsOwn() throws {
    let service = try MockService(loop: loop) { .status(200, $0.path) }
    var bodies: [String] = []
    for number in 1...20 {
      client.send(HTTPRequest(url: service.url("/\(number)"))) { bodies.append(Self.text($0)) }
    }
    #expect(client.count == 20)
    try turn { bodies.count == 20 }
    #expect(Set(bodies) == Set((1...20).map { "/\($0)" }))
    #expect(service.connections == 20)
    #expect(client.count == 0)
  }

  // MARK: What comes back

  @Test func answerIsReadByteByByte() throws {
    let service = try MockService(loop: loop) { _ in
      .response(.init(status: 418, headers: [("A", "1"), ("a", "2")], body: Array("short".utf8)), .byteByByte)
    }
    #expect(try send(HTTPRequest(url: service.url())) == .response(response(418, ["a": "1, 2"], "short")))
  }

  @Test(arguments: [true, false])
  func answerEndsWhetherOrNotTheConnectionDoes(_ keepsAlive: Bool) throws {
    let service = try MockService(loop: loop) { _ in .status(200, "ok", keepsAlive: keepsAlive) }
    #expect(Self.text(try send(HTTPRequest(url: service.url()))) == "ok")
  }

  @Test func answerToAHeadEndsWithItsHeaders() throws {
    let service = try MockService(loop: loop) { _ in .status(200, "not sent") }
    guard case .response(let response) = try send(HTTPRequest(method: "HEAD", url: service.url())) else {
      Issue.record("no answer")
      return
    }
    #expect(response.headers["content-length"] == "8")
    #expect(response.body == [])
  }

  @Test func ofALongAnswerTheFirst64KiBAreKept() throws {
    let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let service = try MockService(loop: loop) { _ in .response(.init(status: 200, body: body)) }
    guard case .response(let response) = try send(HTTPRequest(url: service.url())) else {
      Issue.record("no answer")
      return
    }
    #expect(response.body == Array(body[..<65_536]))
  }

  @Test func redirectIsAnAnswerLikeAnother() throws {
    let service = try MockService(loop: loop) { _ in .status(307, headers: [("Location", "/elsewhere")]) }
    #expect(try send(HTTPRequest(url: service.url())) == .response(response(307, ["location": "/elsewhere"])))
    #expect(service.requests.count == 1)
  }

  // MARK: The life of a call

  @Test(arguments: ["http://127.0.0.1:1/", "not a URL"])
  func completionIsNeverCalledFromWithinSend(_ url: String) throws {
    var isSent = false
    var ended = 0
    client.send(HTTPRequest(url: url)) { _ in
      #expect(isSent)
      ended += 1
    }
    isSent = true
    try turn { ended == 1 }
  }

  @Test func cancelledCallIsNotAnswered() throws {
    let service = try MockService(loop: loop) { _ in .silence }
    let call = client.send(HTTPRequest(url: service.url())) { _ in Issue.record("it was cancelled") }
    try turn { service.requests.count == 1 }
    call.cancel()
    call.cancel()
    #expect(client.count == 0)
    try turn { !service.isConnected }
    let refused = client.send(HTTPRequest(url: "")) { _ in Issue.record("it was cancelled") }
    refused.cancel()
    loop.turn(atMostMilliseconds: 0)
  }

  @Test func completionMaySendAndCancel() throws {
    let service = try MockService(loop: loop) { _ in .status(200) }
    var calls: [HTTPCall] = []
    var ended: [String] = []
    for name in ["a", "b"] {
      calls.append(
        client.send(HTTPRequest(url: service.url())) { [client] _ in
          ended.append(name)
          for call in calls { call.cancel() }
          client.send(HTTPRequest(url: service.url())) { _ in ended.append("next") }
        })
    }
    try turn { ended.count == 2 }
    #expect(ended.last == "next")
    #expect(client.count == 0)
  }

  @Test func clientThatIsLetGoInACompletionAnswersNoMore() throws {
    let service = try MockService(loop: loop) { $0.path == "/now" ? .status(200) : .silence }
    var own: HTTPClient? = try HTTPClient(loop: loop)
    var ended = 0
    own?.send(HTTPRequest(url: service.url("/never"))) { _ in Issue.record("it was let go") }
    own?.send(HTTPRequest(url: service.url("/now"))) { _ in
      ended += 1
      own = nil
    }
    try turn { ended == 1 && !service.isConnected }
    #expect(own == nil)
  }

  @Test func loopSleepsWhileAServiceIsSilent() throws {
    let service = try MockService(loop: loop) { _ in .silence }
    client.send(HTTPRequest(url: service.url())) { _ in Issue.record("there was an answer") }
    try turn { service.requests.count == 1 }
    var turns = 0
    let end = MonotonicTime.now.adding(milliseconds: 300)
    while MonotonicTime.now < end {
      loop.turn(atMostMilliseconds: Int32(max(1, end.milliseconds(since: .now))))
      turns += 1
    }
    #expect(turns < 10)
  }

  // MARK: What the tests share

  func send(_ request: HTTPRequest, by other: HTTPClient? = nil) throws -> HTTPResult {
    var result: HTTPResult?
    (other ?? client).send(request) { result = $0 }
    try turn { result != nil }
    return try #require(result)
  }

  /// Turns until something holds, for a minute at most.
  func turn(until isReached: () -> Bool) throws {
    let end = MonotonicTime.now.adding(milliseconds: 60_000)
    while !isReached() {
      try #require(MonotonicTime.now < end)
      loop.turn(atMostMilliseconds: 1000)
    }
  }

  func response(_ status: Int, _ headers: [String: String] = [:], _ body: String = "") -> HTTPResponse {
    let length = ["content-length": "\(body.utf8.count)"]
    return HTTPResponse(
      status: status, headers: headers.merging(length) { own, _ in own }, body: Array(body.utf8))
  }

  func failed(_ reason: String, _ mayHaveArrived: Bool) -> HTTPResult {
    .failed(HTTPFailure(reason: reason, mayHaveArrived: mayHaveArrived))
  }

  static func text(_ result: HTTPResult) -> String {
    guard case .response(let response) = result else { return "\(result)" }
    return String(decoding: response.body, as: UTF8.self)
  }

  /// Nil where there was an answer.
  static func mayHaveArrived(_ result: HTTPResult) -> Bool? {
    guard case .failed(let failure) = result else { return nil }
    return failure.mayHaveArrived
  }
}
