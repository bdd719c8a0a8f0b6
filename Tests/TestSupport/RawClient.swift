import CLinux
import Glibc
import Loop
import Redis

/// A client that sends whatever bytes it is told to, and reads only when it is asked.
package final class RawClient {
  private let descriptor: Int32
  private var bytes: [UInt8] = []
  private var hasEnded = false

  package init(port: UInt16) throws {
    guard let descriptor = LoopbackSocket.connected(to: port) else { throw SystemError("connect to", "\(port)") }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Sends as much as the connection takes at once.
  package func send(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }

  /// Reads what has come, and says whether the other end is gone.
  package var isOver: Bool {
    while !hasEnded, let more = LoopbackSocket.read(descriptor) {
      bytes += more
      hasEnded = more.isEmpty
    }
    return hasEnded
  }

  /// What has come so far.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// What has come behind the empty line that ends the headers.
  package var body: ArraySlice<UInt8> {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return [] }
    return bytes[end.upperBound...]
  }

  /// Asks a server on a loopback port for a page, and waits for all of it.
  package static func get(_ path: String, port: UInt16, headers: String = "", on loop: Loop) throws -> RawClient {
    let client = try RawClient(port: port)
    client.send("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(headers)\r\n")
    try loop.wait { client.isOver }
    return client
  }
}
