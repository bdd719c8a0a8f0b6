import Redis
import TestThreads
import Testing

@testable import Handler

@Suite(.threaded) struct AlignmentTests {
  private static let channel = Array("agent.metrics".utf8)

  private func written(_ heard: String, _ stream: String) -> Int {
    var buffer = RecordingBuffer()
    hear(heard, at: 0, &buffer)
    var alignment = StreamAlignment(buffer)
    for letter in stream.utf8 {
      Self.channel.withUnsafeBytes { channel in
        withUnsafeBytes(of: letter) { alignment.read(Handover.digest(channel, $0)) }
      }
    }
    return alignment.written
  }

  /// Letters are messages, capitals markers.
  private func hear(_ text: String, at time: Int64, _ buffer: inout RecordingBuffer) {
    for letter in text {
      let isKept = Self.channel.withUnsafeBytes { channel in
        Array(String(letter).utf8).withUnsafeBytes {
          buffer.append(channel, $0, at: time, isMarker: letter.isUppercase, lettingGo: true)
        }
      }
      #expect(isKept)
    }
  }

  private func kept(_ buffer: RecordingBuffer) -> String {
    buffer.messages.map { String(decoding: buffer.payload(of: $0), as: UTF8.self) }.joined()
  }

  @Test func markerInBothTellsThePlace() {
    #expect(written("abMcdefg", "xyMcd") == 5)
    #expect(written("abMcdefg", "M") == 3)
    #expect(written("aMbNcd", "MbNc") == 5)
    #expect(written("Maaaa", "Maa") == 3)
  }

  @Test func entriesThatWereNotHeardArePassedOver() {
    #expect(written("Mabc", "MaXb") == 3)
  }

  @Test func withoutAMarkerTheLongestOverlapCounts() {
    #expect(written("abcd", "xxab") == 2)
    #expect(written("abcd", "abxx") == 0)
    #expect(written("abab", "xabab") == 4)
    #expect(written("aab", "xaaa") == 2)
    #expect(written("abcd", "") == 0)
    #expect(written("", "abcd") == 0)
  }

  @Test func aStandbyKeepsFiveSecondsAndTheMarkerBeforeThem() {
    var buffer = RecordingBuffer()
    func hear(_ text: String, at time: Int64) {
      self.hear(text, at: time, &buffer)
      buffer.trim(at: time)
    }
    hear("ab", at: 0)
    hear("c", at: 4000)
    hear("d", at: 6000)
    #expect(kept(buffer) == "cd")
    hear("M", at: 7000)
    hear("e", at: 8000)
    hear("f", at: 12_500)
    #expect(kept(buffer) == "Mef")
    hear("g", at: 100_000)
    #expect(kept(buffer) == "Mefg")
  }

  @Test func whatIsHeardStandsAsArgumentsUntilItLeaves() {
    var buffer = RecordingBuffer()
    let channel = Array("agent.metrics".utf8)
    var heard: [[UInt8]] = []
    var left = 0
    // Payloads of 0 to 12,000 bytes, in and out at different paces, so that gaps are closed in between.
    for round in 0..<3000 {
      let payload = [UInt8](repeating: UInt8(round % 251), count: round * 4 % 12_007)
      heard.append(payload)
      let isKept = channel.withUnsafeBytes { channel in
        payload.withUnsafeBytes { buffer.append(channel, $0, at: 0, isMarker: false, lettingGo: false) }
      }
      #expect(isKept)
      guard round % 50 == 49 else { continue }
      let count = buffer.batch(count: round < 1500 ? 30 : 100, bytes: 1 << 20)
      var expected: [UInt8] = []
      for payload in heard[left..<left + count] {
        expected += "$13\r\nagent.metrics\r\n$\(payload.count)\r\n".utf8 + payload + [13, 10]
      }
      let arguments = buffer.arguments(ofFirst: count)
      #expect(arguments.bytes == expected)
      #expect(arguments.count == 2 * count)
      buffer.removeFirst(count)
      left += count
      #expect(buffer.count == heard.count - left)
    }
    #expect(buffer.messages.map { buffer.payload(of: $0) } == Array(heard[left...]))
    buffer.removeFirst(buffer.count)
    #expect(buffer.isEmpty)
  }

  @Test func batchEndsAtItsBytesButHoldsOneMessage() {
    var buffer = RecordingBuffer()
    hear("abcdefgh", at: 0, &buffer)
    // A message has 14 bytes.
    #expect(buffer.batch(count: 3, bytes: 1000) == 3)
    #expect(buffer.batch(count: 100, bytes: 1000) == 8)
    #expect(buffer.batch(count: 100, bytes: 42) == 3)
    #expect(buffer.batch(count: 100, bytes: 41) == 2)
    #expect(buffer.batch(count: 100, bytes: 1) == 1)
  }
}
