import Glibc
import Loop
import Redis

/// Speaks just enough of Redis's protocol to say what a real server says only in states that a test cannot bring about.
package final class FakeServer {
  private let loop: Loop
  private var listener: Listener?
  private var clients: [Int32: [UInt8]] = [:]
  /// The bytes to answer a request with.
  private let answer: ([String]) -> String
  /// Every request, in order.
  package private(set) var requests: [[String]] = []

  package init(loop: Loop, answer: @escaping ([String]) -> String) throws {
    self.loop = loop
    self.answer = answer
    listener = try Listener(loop: loop) { [unowned self] in accept($0) }
  }

  deinit {
    listener?.close()
    for client in clients.keys { drop(client) }
  }

  package var endpoint: Endpoint { Endpoint(address: .tcp(host: "127.0.0.1", port: listener?.port ?? 0)) }

  private func accept(_ client: Int32) {
    clients[client] = []
    loop.watch(client, .readable) { [weak self] _ in self?.read(client) }
  }

  private func drop(_ client: Int32) {
    loop.unwatch(client)
    close(client)
    clients[client] = nil
  }

  private func read(_ client: Int32) {
    guard let bytes = LoopbackSocket.read(client) else { return }
    guard !bytes.isEmpty else { return drop(client) }
    clients[client]? += bytes
    while var input = clients[client]?[...], let request = Self.take(&input) {
      clients[client] = Array(input)
      requests.append(request)
      let reply = Array(answer(request).utf8)
      _ = reply.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
  }

  /// Takes one request off the input, where a whole one is there.
  private static func take(_ input: inout ArraySlice<UInt8>) -> [String]? {
    var rest = input
    guard let count = number(&rest) else { return nil }
    var words: [String] = []
    for _ in 0..<count {
      guard let length = number(&rest), rest.count >= length + 2 else { return nil }
      words.append(String(decoding: rest.prefix(length), as: UTF8.self))
      rest = rest.dropFirst(length + 2)
    }
    input = rest
    return words
  }

  /// Takes `*2\r\n` or `$2\r\n`.
  private static func number(_ input: inout ArraySlice<UInt8>) -> Int? {
    guard let end = input.firstIndex(of: 10) else { return nil }
    defer { input = input[(end + 1)...] }
    return Int(String(decoding: input[(input.startIndex + 1)..<(end - 1)], as: UTF8.self))
  }
}
