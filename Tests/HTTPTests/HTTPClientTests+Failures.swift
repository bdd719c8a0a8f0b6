import FleetModel
import Loop
import Redis
import TestSupport
import Testing

@testable import HTTP

/// What keeps a request from being answered, and whether the service may have heard it all the same.
extension HTTPClientTests {
  // MARK: On the way

  @Test func serviceThatHangsUpMayHaveHeardIt() throws {
    let service = try MockService(loop: loop) { _ in .hangUp }
    #expect(
      try send(HTTPRequest(method: "POST", url: service.url("/s3cret")))
        == failed("POST http://127.0.0.1:\(service.port): Server returned nothing (no headers, no data)", true))
    #expect(service.requests.count == 1)
  }

  @Test func halfAnAnswerIsNone() throws {
    let service = try MockService(loop: loop) { _ in
      .response(.init(status: 200, body: [UInt8](repeating: 0x61, count: 1000)), .half)
    }
    guard case .failed(let failure) = try send(HTTPRequest(url: service.url())) else {
      Issue.record("it was taken for an answer")
      return
    }
    #expect(failure.mayHaveArrived)
    #expect(service.requests.count == 1)
  }

  @Test func silenceRunsOutOfTime() throws {
    let service = try MockService(loop: loop) { _ in .silence }
    guard case .failed(let failure) = try send(HTTPRequest(url: service.url(), timeout: .milliseconds(100))) else {
      Issue.record("it was taken for an answer")
      return
    }
    #expect(failure.mayHaveArrived)
    #expect(failure.reason.hasPrefix("GET http://127.0.0.1:\(service.port): Operation timed out after "))
    try turn { !service.isConnected }
  }

  @Test func noTimeAtAllIsNotForEver() throws {
    let service = try MockService(loop: loop) { _ in .silence }
    #expect(Self.mayHaveArrived(try send(HTTPRequest(url: service.url(), timeout: .zero))) == true)
  }

  @Test func refusedConnectionCannotHaveArrived() throws {
    let request = HTTPRequest(url: "http://user:s3cret@127.0.0.1:\(PrivateServer.freePort())/s3cret?s3cret")
    guard case .failed(let failure) = try send(request) else {
      Issue.record("somebody answered")
      return
    }
    #expect(!failure.mayHaveArrived)
    #expect(failure.reason.contains("onnect"))
    #expect(!failure.reason.contains("s3cret"))
  }

  @Test func nameThatIsNotFoundCannotHaveArrived() throws {
    // A label holds 63 bytes: the look-up fails without asking anybody.
    let host = "\(String(repeating: "a", count: 64)).invalid"
    guard case .failed(let failure) = try send(HTTPRequest(url: "http://\(host)/", timeout: .seconds(30))) else {
      Issue.record("somebody answered")
      return
    }
    #expect(!failure.mayHaveArrived)
    #expect(failure.reason.hasPrefix("GET http://\(host): Could not resolve host"))
  }

  // MARK: Before it

  @Test(arguments: [
    ("ftp://u:s3cret@127.0.0.1/", "GET: the URL is neither http nor https"),
    ("file:///etc/passwd", "GET: the URL is neither http nor https"),
    ("http://127.0.0.1/\0s3cret", "GET: the URL holds a NUL"),
  ])
  func urlThatIsNoneIsRefused(_ url: String, _ reason: String) throws {
    #expect(try send(HTTPRequest(url: url)) == failed(reason, false))
  }

  @Test(arguments: [
    "", "http://", "http://a b/", "http://127.0.0.1/\r\nX: s3cret", "127.0.0.1/s3cret", "http://u:s3cret@h:port/",
  ])
  func malformedURLIsRefused(_ url: String) throws {
    guard case .failed(let failure) = try send(HTTPRequest(url: url)) else {
      Issue.record("somebody answered")
      return
    }
    #expect(!failure.mayHaveArrived)
    #expect(failure.reason.hasPrefix("GET: "))
    #expect(!failure.reason.contains("s3cret"))
  }

  @Test(arguments: [
    (HTTPRequest.Header("X", "a\r\nY: b"), "the value of header X holds a control character"),
    (HTTPRequest.Header("X", "a\n"), "the value of header X holds a control character"),
    (HTTPRequest.Header("X", "a\0b"), "the value of header X holds a control character"),
    (HTTPRequest.Header("X: y\r\nZ", "a"), "the name of a header is no token of HTTP"),
    (HTTPRequest.Header("", "a"), "the name of a header is no token of HTTP"),
    (
      HTTPRequest.Header("Content-length", "3"),
      "header Content-length follows from the body and is not to be set"
    ),
  ])
  func headerThatWouldSaySomethingElseIsRefused(_ header: HTTPRequest.Header, _ cause: String) throws {
    let request = HTTPRequest(url: "http://127.0.0.1:1/", headers: [header])
    #expect(try send(request) == failed("GET http://127.0.0.1:1: \(cause)", false))
  }

  @Test func methodThatIsNoTokenIsRefused() throws {
    let request = HTTPRequest(method: "GET / HTTP/1.1\r\nX: y", url: "http://127.0.0.1:1/")
    #expect(try send(request) == failed("the method is no token of HTTP", false))
  }

  // MARK: TLS

  @Test(.enabled(if: TLSService.openssl != nil, "the openssl command makes the certificates"))
  func trustedServiceIsAsked() throws {
    let service = try TLSService(for: "IP:127.0.0.1")
    let trusting = try HTTPClient(loop: loop, authorities: service.authority)
    guard case .response(let response) = try send(HTTPRequest(url: "https://127.0.0.1:\(service.port)/"), by: trusting)
    else {
      Issue.record("no answer")
      return
    }
    #expect(response.status == 200)
  }

  @Test(.enabled(if: TLSService.openssl != nil, "the openssl command makes the certificates"))
  func certificateOfAnUnknownAuthorityIsRefused() throws {
    let service = try TLSService(for: "IP:127.0.0.1")
    #expect(Self.mayHaveArrived(try send(HTTPRequest(url: "https://127.0.0.1:\(service.port)/"))) == false)
  }

  @Test(.enabled(if: TLSService.openssl != nil, "the openssl command makes the certificates"))
  func certificateOfAnotherHostIsRefused() throws {
    let service = try TLSService(for: "DNS:other.example")
    let trusting = try HTTPClient(loop: loop, authorities: service.authority)
    let result = try send(HTTPRequest(url: "https://127.0.0.1:\(service.port)/"), by: trusting)
    #expect(Self.mayHaveArrived(result) == false)
  }

  @Test func authoritiesThatAreMissingTrustNobody() throws {
    let service = try MockService(loop: loop) { _ in .status(200) }
    let distrusting = try HTTPClient(loop: loop, authorities: "/no/such/file.pem")
    let result = try send(HTTPRequest(url: "https://127.0.0.1:\(service.port)/"), by: distrusting)
    #expect(Self.mayHaveArrived(result) == false)
    #expect(service.requests == [])
  }
}
