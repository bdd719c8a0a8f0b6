import CLinux
import Glibc
import Loop

/// An HTTP service on a loopback port, which records what it is asked and answers as a test says, rightly or not.
package final class MockService {
  package struct Request: Equatable, Sendable {
    package let method: String
    package let path: String
    /// By lower-case name, each as it came.
    package let headers: [String: [String]]
    package let body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }
  }

  package enum Answer {
    case response(Response, Manner = .atOnce)
    /// The connection is closed without a byte of an answer.
    case hangUp
    /// There is never an answer.
    case silence

    package static func status(
      _ status: Int, headers: [(String, String)] = [], _ body: String = "", keepsAlive: Bool = true
    ) -> Answer {
      .response(Response(status: status, headers: headers, body: Array(body.utf8), keepsAlive: keepsAlive))
    }
  }

  package struct Response {
    package var status: Int
    package var headers: [(String, String)]
    package var body: [UInt8]
    /// Otherwise the connection is closed after it.
    package var keepsAlive: Bool

    package init(status: Int, headers: [(String, String)] = [], body: [UInt8] = [], keepsAlive: Bool = true) {
      self.status = status
      self.headers = headers
      self.body = body
      self.keepsAlive = keepsAlive
    }

    /// As it is sent; the answer to a HEAD says how long the body would be.
    fileprivate func bytes(withBody: Bool) -> [UInt8] {
      var lines = ["HTTP/1.1 \(status) As the test says", "Content-Length: \(body.count)"]
      if !keepsAlive { lines.append("Connection: close") }
      lines += headers.map { "\($0.0): \($0.1)" }
      return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (withBody ? body : [])
    }
  }

  package enum Manner {
    case atOnce
    /// One byte a turn of the loop.
    case byteByByte
    /// The connection is closed in the middle of it.
    case half
  }

  private struct Client {
    var input: [UInt8] = []
    var output: ArraySlice<UInt8> = []
    var manner = Manner.atOnce
    var closesAfterwards = false
  }

  /// Every request, in order.
  package private(set) var requests: [Request] = []
  /// How many connections were made.
  package private(set) var connections = 0
  private let loop: Loop
  private var listener: Listener?
  private var clients: [Int32: Client] = [:]
  private let answer: (Request) -> Answer

  package init(loop: Loop, answer: @escaping (Request) -> Answer) throws {
    self.loop = loop
    self.answer = answer
    listener = try Listener(loop: loop) { [unowned self] in accept($0) }
  }

  deinit {
    listener?.close()
    for client in clients.keys { drop(client) }
  }

  package var port: UInt16 { listener?.port ?? 0 }

  package func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

  /// Whether anybody is connected.
  package var isConnected: Bool { !clients.isEmpty }

  // MARK: Connections

  private func accept(_ client: Int32) {
    connections += 1
    clients[client] = Client()
    loop.watch(client, .readable) { [weak self] in self?.advance(client, $0) }
  }

  private func drop(_ client: Int32) {
    loop.unwatch(client)
    close(client)
    clients[client] = nil
  }

  private func advance(_ client: Int32, _ readiness: Loop.Readiness) {
    if readiness.readable, let bytes = LoopbackSocket.read(client) {
      guard !bytes.isEmpty else { return drop(client) }
      clients[client]?.input += bytes
      answerNext(client)
    }
    if clients[client]?.output.isEmpty == false { write(client) }
  }

  private func answerNext(_ client: Int32) {
    guard let input = clients[client]?.input, let (request, length) = Request.first(of: input) else { return }
    clients[client]?.input.removeFirst(length)
    requests.append(request)
    switch answer(request) {
    case .hangUp: drop(client)
    case .silence: break
    case .response(let response, let manner):
      let bytes = response.bytes(withBody: request.method != "HEAD")
      clients[client]?.output = manner == .half ? bytes.prefix(bytes.count / 2) : bytes[...]
      clients[client]?.manner = manner
      clients[client]?.closesAfterwards = manner == .half || !response.keepsAlive
      loop.change(client, to: [.readable, .writable])
    }
  }

  private func write(_ client: Int32) {
    guard let (output, manner) = clients[client].map({ ($0.output, $0.manner) }) else { return }
    let most = manner == .byteByByte ? 1 : output.count
    let length = output.withUnsafeBytes { send(client, $0.baseAddress, most, Int32(MSG_NOSIGNAL)) }
    guard length >= 0 || errno == EAGAIN else { return drop(client) }
    clients[client]?.output.removeFirst(max(0, length))
    guard clients[client]?.output.isEmpty == true else { return }
    loop.change(client, to: .readable)
    if clients[client]?.closesAfterwards == true { drop(client) } else { answerNext(client) }
  }
}

extension MockService.Request {
  /// The first whole request, and how many bytes it takes; nil where there is none yet. A body has a length, or there is
  /// none.
  fileprivate static func first(of input: [UInt8]) -> (request: Self, length: Int)? {
    let end = Array("\r\n\r\n".utf8)
    guard let headEnd = input.indices.first(where: { input[$0...].starts(with: end) }) else { return nil }
    let lines = String(decoding: input[..<headEnd], as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ").map(String.init) ?? []
    var headers: [String: [String]] = [:]
    for line in lines.dropFirst() {
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      let value = line[colon...].dropFirst().drop { $0 == " " }
      headers[line[..<colon].lowercased(), default: []].append(String(value))
    }
    let length = headEnd + 4 + (headers["content-length"]?.first.flatMap { Int($0) } ?? 0)
    guard input.count >= length, words.count == 3 else { return nil }
    let body = Array(input[(headEnd + 4)..<length])
    return (Self(method: words[0], path: words[1], headers: headers, body: body), length)
  }
}
