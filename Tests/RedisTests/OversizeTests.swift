import TestSupport
import TestThreads
import Testing

@testable import Redis

/// Values that are too long to be kept.
@Suite(.threaded) struct OversizeTests {
  private final class Sink {
    var entries: [String] = []
  }

  /// Reads one XREAD reply, handed over in pieces of a size, with a value of a length in it.
  private func read(length: Int, pieces: Int, after: String = "small") throws -> [String] {
    let sink = Sink()
    let reader = ReplyReader()
    let assembler = EntryAssembler(.range) { entry in
      sink.entries.append("\(entry.id) \(entry.isOversized) \(entry.payload.map { min($0.count, 9) } ?? -1)")
    }
    reader.expectation = .entries(assembler)
    let bytes =
      Array("*2\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$8\r\n__data__\r\n$\(length)\r\n".utf8)
      + [UInt8](repeating: 120, count: length)
      + Array("\r\n*2\r\n$3\r\n2-1\r\n*2\r\n$8\r\n__data__\r\n$\(after.utf8.count)\r\n\(after)\r\n".utf8)
    var replies = 0
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      try bytes[start..<min(start + pieces, bytes.count)].withUnsafeBytes { try reader.feed($0) }
      while try reader.next() != nil { replies += 1 }
      #expect(reader.bufferedBytes <= ReplyReader.longestValue + pieces)
    }
    #expect(replies == 1)
    return sink.entries
  }

  @Test func longValueIsPassedAndWhatFollowsIsRead() throws {
    let limit = ReplyReader.longestValue
    for pieces in [4096, 65_536, 65_537, 262_144] {
      #expect(try read(length: limit, pieces: pieces) == ["1-1 false 9", "2-1 false 5"])
      #expect(try read(length: limit + 1, pieces: pieces) == ["1-1 true 9", "2-1 false 5"])
      #expect(try read(length: 4 * limit, pieces: pieces) == ["1-1 true 9", "2-1 false 5"])
    }
  }

  @Test func cutsAroundTheLimitAndTheEndDoNoHarm() throws {
    let limit = ReplyReader.longestValue
    // Pieces that end within the header, just past the limit, on either side of CR and LF, and inside what follows.
    for extra in 0...40 {
      #expect(try read(length: limit + 20, pieces: limit + 20 + extra) == ["1-1 true 9", "2-1 false 5"])
      #expect(try read(length: limit - 20 + extra, pieces: limit + 30).last == "2-1 false 5")
    }
  }

  @Test func messagesAndAnswersArePassedToo() throws {
    let server = try TestServer()
    let follower = Follower(server)
    try server.wait { follower.handlers.count >= 2 && follower.isUp }
    let script = "return redis.call('PUBLISH', 'agent.metrics', string.rep('x', 5000000))"
    _ = try server.call("EVAL", script, 0)
    try server.publish(1...1)
    try server.wait { follower.numbers == [1] }
    #expect(follower.seen == ["unreadable too long", "channel 1 metrics"])
    _ = try server.call("EVAL", "return redis.call('SET', 'big', string.rep('x', 5000000))", 0)
    #expect(try server.call("GET", "big") == .null)
    #expect(try server.call("PING") == .status("PONG"))
  }

  @Test func largeEntriesAreAskedForInSmallBites() {
    var bite = BatchSize()
    #expect(bite.count == 50)
    expect(bite.took(50, bytes: 50 * 250), is: true)
    expect(bite.took(200, bytes: 200 * 250), is: true)
    #expect(bite.count == 800)
    expect(bite.took(800, bytes: 800 * 250), is: true)
    #expect(bite.count == 2000)
    expect(bite.took(2000, bytes: 2000 << 20), is: true)
    #expect(bite.count == 8)
    expect(bite.took(8, bytes: 64 << 20), is: true)
    #expect(bite.count == 1)
    expect(bite.took(0, bytes: 0), is: false)
    #expect(bite.count == 50)
    bite.wasTooMuch()
    #expect(bite.count == 1)
  }
}
