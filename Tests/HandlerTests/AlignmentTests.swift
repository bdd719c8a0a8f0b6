import Testing

@testable import Handler

@Suite struct AlignmentTests {
  /// Letters are messages, capitals markers.
  private func messages(_ text: String) -> [HeardBuffer.Message] {
    text.map { .init(channel: [], payload: Array(String($0).utf8), heardAt: 0, isMarker: $0.isUppercase) }
  }

  private func written(_ heard: String, _ stream: String) -> Int {
    var alignment = Alignment(messages(heard))
    for message in messages(stream) { alignment.read(message.digest) }
    return alignment.written
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
    var buffer = HeardBuffer()
    func hear(_ text: String, at time: Int64) {
      for var message in messages(text) {
        message.heardAt = time
        let isKept = buffer.append(message, lettingGo: true)
        #expect(isKept)
      }
      buffer.trim(at: time)
    }
    var kept: String { buffer.messages.map { String(decoding: $0.payload, as: UTF8.self) }.joined() }
    hear("ab", at: 0)
    hear("c", at: 4000)
    hear("d", at: 6000)
    #expect(kept == "cd")
    hear("M", at: 7000)
    hear("e", at: 8000)
    hear("f", at: 12_500)
    #expect(kept == "Mef")
    hear("g", at: 100_000)
    #expect(kept == "Mefg")
  }
}
