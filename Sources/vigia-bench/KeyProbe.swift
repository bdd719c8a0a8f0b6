import Loop
import Redis
import TestSupport
import Wire

/// Keys that send a command, which is waited for on its stream.
final class KeyProbe {
  private let server: TestServer
  private let console: ConsoleChild
  private let reading: Link

  /// A stream that nobody else writes to.
  private static let bare = Array("bench:bare".utf8)

  init(_ server: TestServer, _ console: ConsoleChild) throws {
    self.server = server
    self.console = console
    reading = Link(loop: server.loop, endpoint: server.endpoint) { _ in }
    reading.start()
    try server.wait { reading.connection != nil }
  }

  deinit { reading.stop() }

  /// Milliseconds from just before a confirmation is typed to the command in the hands of a reader that waits for it.
  func measure() throws -> Double {
    console.forget()
    console.type("p")
    // The question must have come to the operator's eyes.
    try console.wait("ask") { console.wrote("for=15m") }
    server.loop.turn(forMilliseconds: .random(in: 60...100))
    console.forget()
    let latency = try time(Keys().commands) { console.type("y") }
    // The same question asked at once would stand there already: the keys come back first.
    try console.wait("show its keys") { console.wrote("undo") }
    return latency
  }

  /// The same without a console: what the server and the reader take of it.
  func measureBare() throws -> Double {
    try time(Self.bare) { _ = try server.start("XADD", Self.bare, "*", "__data__", "x") }
  }

  private func time(_ stream: [UInt8], _ act: () throws -> Void) throws -> Double {
    // A concrete id: `$` would be resolved anew each time.
    let info = try server.call("XREVRANGE", stream, "+", "-", "COUNT", 1)
    let last = info.elements?.first?.elements?.first?.bytes ?? Array(StreamID.zero.description.utf8)
    var receivedAt: MonotonicTime?
    reading.connection?.send(Request("XREAD", "BLOCK", 4000, "STREAMS", stream, last)) { result in
      if case .success(.array) = result { receivedAt = .now }
    }
    reading.connection?.flush()
    server.loop.turn(forMilliseconds: 5)
    let started = MonotonicTime.now
    try act()
    do {
      try server.loop.wait(seconds: 5) { receivedAt != nil }
    } catch {
      throw Mismatch("what was sent did not come to \(String(decoding: stream, as: UTF8.self))")
    }
    return receivedAt?.milliseconds(since: started) ?? .nan
  }
}
