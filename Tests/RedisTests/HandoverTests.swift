import Redis
import Testing
import Wire

/// Live order: a b M c d; stream order: M c d. Each message must count once, however the two interleave.
@Suite struct HandoverTests {
  private func message(_ text: String, at time: Int64 = 0) -> Handover.Message {
    .init(channel: Array("agent.x".utf8), payload: Array(text.utf8), heardAt: time)
  }

  private func hears(_ handover: inout Handover, _ text: String, at time: Int64 = 0) -> Bool {
    handover.heard(message(text, at: time), bytes: text.utf8.count)
  }

  private func counts(_ handover: inout Handover, _ text: String) -> Bool {
    let digest = Array("agent.x".utf8).withUnsafeBytes { channel in
      Array(text.utf8).withUnsafeBytes { Handover.Message.digest(channel, $0) }
    }
    return handover.readRecorded(digest)
  }

  private func direct(_ handover: inout Handover) -> Handover.Bridge { handover.goDirect() }

  private let marker = RecorderMarker(handler: "h1", fence: 1, nonce: "n1")
  private let nextMarker = RecorderMarker(handler: "h2", fence: 2, nonce: "n2")

  private func payloads(_ bridge: Handover.Bridge) -> [String] {
    bridge.messages.map { String(decoding: $0.payload, as: UTF8.self) }
  }

  @Test func withoutARecorderEverythingHeardCounts() {
    var handover = Handover()
    #expect(!hears(&handover, "early"))
    #expect(payloads(direct(&handover)) == ["early"])
    #expect(hears(&handover, "a"))
    #expect(!counts(&handover, "a"))
  }

  @Test func eachSideSwitchesAtTheMarkerByItself() {
    for streamFirst in [true, false] {
      var handover = Handover()
      _ = handover.goDirect()
      #expect(hears(&handover, "a"))
      if streamFirst {
        handover.read(marker)
        #expect(counts(&handover, "c"))
        #expect(hears(&handover, "b"))
        handover.heard(marker, at: 0)
      } else {
        handover.heard(marker, at: 0)
        #expect(!counts(&handover, "c"))
        handover.read(marker)
        #expect(counts(&handover, "c"))
      }
      #expect(!hears(&handover, "c"))
    }
  }

  @Test func whatADeadRecorderDidNotWriteIsCountedOnce() {
    var handover = Handover()
    handover.follow()
    handover.heard(marker, at: 0)
    for text in ["c", "d", "e"] { #expect(!hears(&handover, text)) }
    handover.read(marker)
    #expect(counts(&handover, "c"))
    let bridge = handover.goDirect()
    #expect(payloads(bridge) == ["d", "e"])
    #expect(bridge.isExact)
    #expect(hears(&handover, "f"))
    // A late successor writes d, e, f before its own marker: all of them have been counted.
    #expect(!counts(&handover, "c"))
    handover.heard(nextMarker, at: 0)
    #expect(!counts(&handover, "c"))
    handover.read(nextMarker)
    #expect(counts(&handover, "c"))
  }

  @Test func longAfterAMarkerThePlaceIsStillKnown() {
    var handover = Handover()
    handover.follow()
    handover.heard(marker, at: 0)
    handover.read(marker)
    for second in 1...20 {
      #expect(!hears(&handover, "\(second)", at: Int64(second) * 1000))
      if second < 20 { #expect(counts(&handover, "\(second)")) }
      handover.expire(at: Int64(second) * 1000)
    }
    let bridge = handover.goDirect()
    #expect(payloads(bridge) == ["20"])
    #expect(bridge.isExact)
  }

  @Test func whatCannotBeBridgedIsSaid() {
    var handover = Handover()
    handover.follow()
    for second in 1...20 {
      _ = hears(&handover, "\(second)", at: Int64(second) * 1000)
      handover.expire(at: Int64(second) * 1000)
    }
    #expect(!direct(&handover).isExact)
  }

  @Test func whatNobodyRecordedBetweenTwoRecordersIsCounted() {
    for isStreamFirst in [true, false] {
      var handover = Handover()
      handover.follow()
      handover.heard(marker, at: 0)
      handover.read(marker)
      for text in ["a", "b", "c", "d"] { #expect(!hears(&handover, text)) }
      // The first wrote a and died; the next had heard c and d only.
      var bridges: [Handover.Bridge?] = []
      for text in ["a", "c", "d"] { #expect(counts(&handover, text)) }
      if isStreamFirst { bridges.append(handover.read(nextMarker)) }
      bridges.append(handover.heard(nextMarker, at: 0))
      if !isStreamFirst { bridges.append(handover.read(nextMarker)) }
      let found = bridges.compactMap { $0 }
      #expect(bridges.count == 2 && bridges[0] == nil)
      let texts = found.flatMap { payloads($0) }
      #expect(texts == ["b"])
      #expect(found.count == 1 && found[0].isExact)
      #expect(!hears(&handover, "e"))
      #expect(counts(&handover, "e"))
    }
  }

  @Test func recorderThatDiedBeforeItWroteAnythingIsBridged() {
    var handover = Handover()
    _ = handover.goDirect()
    handover.heard(marker, at: 0)
    for text in ["a", "b", "c"] { #expect(!hears(&handover, text)) }
    // The next wrote c, which it had heard, and its marker; the first one's never came.
    #expect(!counts(&handover, "c"))
    handover.heard(nextMarker, at: 0)
    let bridge = handover.read(nextMarker)
    let texts = bridge.map { payloads($0) }
    #expect(texts == ["a", "b", "c"])
  }
}
