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

  private func counts(_ handover: inout Handover) -> Bool { handover.readRecorded() }

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
    #expect(!counts(&handover))
  }

  @Test func eachSideSwitchesAtTheMarkerByItself() {
    for streamFirst in [true, false] {
      var handover = Handover()
      _ = handover.goDirect()
      #expect(hears(&handover, "a"))
      if streamFirst {
        handover.read(marker)
        #expect(counts(&handover))
        #expect(hears(&handover, "b"))
        handover.heard(marker, at: 0)
      } else {
        handover.heard(marker, at: 0)
        #expect(!counts(&handover))
        handover.read(marker)
        #expect(counts(&handover))
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
    #expect(counts(&handover))
    let bridge = handover.goDirect()
    #expect(payloads(bridge) == ["d", "e"])
    #expect(bridge.isExact)
    #expect(hears(&handover, "f"))
    // A late successor writes d, e, f before its own marker: all of them have been counted.
    #expect(!counts(&handover))
    handover.heard(nextMarker, at: 0)
    #expect(!counts(&handover))
    handover.read(nextMarker)
    #expect(counts(&handover))
  }

  @Test func longAfterAMarkerThePlaceIsStillKnown() {
    var handover = Handover()
    handover.follow()
    handover.heard(marker, at: 0)
    handover.read(marker)
    for second in 1...20 {
      #expect(!hears(&handover, "\(second)", at: Int64(second) * 1000))
      if second < 20 { #expect(counts(&handover)) }
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
}
