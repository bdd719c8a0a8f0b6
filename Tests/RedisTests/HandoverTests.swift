import FleetModel
import Redis
import TestThreads
import Testing
import Wire

/// Live order: a b M c d; stream order: M c d. Each message must count once, however the two interleave.
@Suite(.threaded) final class HandoverTests {
  private var handover = Handover()

  private func digest(_ text: String) -> Int {
    Array("agent.x".utf8).withUnsafeBytes { channel in
      Array(text.utf8).withUnsafeBytes { Handover.digest(channel, $0) }
    }
  }

  private func hears(_ text: String) -> Bool { handover.hear(digest(text)) }
  private func reads(_ text: String) -> Bool { handover.read(digest(text)) }
  private func pass(_ now: Int64) -> Int { handover.pass(now, readToEndAt: now, hasRecorder: false) }

  private let marker = RecorderMarker(handler: "h1", fence: 1, nonce: "n1")
  private let nextMarker = RecorderMarker(handler: "h2", fence: 2, nonce: "n2")

  @Test func messageCountsWhereItComesFirst() {
    #expect(hears("a"))
    #expect(!reads("a"))
    #expect(reads("b"))
    #expect(!hears("b"))
    #expect(handover.pendingCount == 0)
  }

  @Test func sameBytesTwiceAreTwoMessages() {
    #expect(hears("a"))
    #expect(hears("a"))
    #expect(!reads("a"))
    #expect(!reads("a"))
    #expect(reads("a"))
  }

  @Test func whatWasNeverRecordedIsSettledAtTheMarker() {
    for isStreamFirst in [true, false] {
      handover = Handover()
      #expect(hears("a"))
      if isStreamFirst { handover.read(marker, at: 0) }
      handover.hear(marker, at: 0)
      #expect(hears("c"))
      if !isStreamFirst { handover.read(marker, at: 0) }
      #expect(handover.pendingCount == 1)
      // The same bytes as the one that was not recorded.
      #expect(hears("a"))
      #expect(!reads("c"))
      #expect(!reads("a"))
      #expect(handover.pendingCount == 0)
    }
  }

  @Test func markerThatWasNeverWrittenIsPassedByTheNext() {
    handover.hear(marker, at: 0)
    #expect(hears("a"))
    // The next recorder had heard a too, and writes it before its own marker.
    #expect(!reads("a"))
    #expect(hears("b"))
    handover.hear(nextMarker, at: 0)
    handover.read(nextMarker, at: 0)
    #expect(handover.pendingCount == 0)
  }

  @Test func withoutARecorderWhatWasHeardIsLetGoInTime() {
    #expect(hears("a"))
    _ = pass(0)
    _ = pass(Handover.recorderMilliseconds)
    // A recorder that comes late still writes it.
    #expect(handover.pendingCount == 1)
    _ = pass(Handover.recorderMilliseconds + 1)
    #expect(handover.pendingCount == 0)
  }

  @Test func nothingIsLetGoWhileTheStreamIsNotRead() {
    #expect(hears("a"))
    for second in 0..<600 { _ = handover.pass(Int64(second) * 1000, readToEndAt: 0, hasRecorder: true) }
    #expect(!reads("a"))
  }

  @Test func whatWasPublishedBeforeAnythingWasHeardWaitsForNothing() {
    let isCounted = handover.read(digest("a"), mayBeHeard: false)
    #expect(isCounted)
    #expect(handover.pendingCount == 0)
    #expect(reads("b"))
    let moment = pass(0)
    #expect(reads("c"))
    handover.heardAll(readBefore: moment)
    #expect(handover.pendingCount == 1)
    #expect(!hears("c"))
    #expect(hears("b"))
  }

  @Test func lostHearingEndsTheWaitForIt() {
    #expect(reads("a"))
    #expect(hears("b"))
    handover.lostHearing(at: 0)
    #expect(hears("a"))
    #expect(!reads("b"))
  }

  @Test func everyMessageCountsOnceHoweverTheSidesInterleave() {
    for seed in 0..<300 {
      var world = RecordedWorld(seed: UInt64(seed))
      for _ in 0..<4000 { world.step() }
      world.finish()
      #expect(world.published.count > 500)
      #expect(world.counted == world.published, "seed \(seed)")
    }
  }
}

/// A server's two orders, recorders that come and go, and one console that hears and reads at its own pace.
private struct RecordedWorld {
  private enum Item: Equatable {
    case message(Int)
    case marker(RecorderMarker)
  }

  private var random: SeededRandom
  private var live: [Item] = []
  private var stream: [Item] = []
  /// How much of the live order is in the stream, or was given up.
  private var recorded = 0
  private var isRecording = false
  private var fence = 0
  private var heardUpTo = 0
  private var readUpTo = 0
  private var pings: [(moment: Int, place: Int)] = []
  private var now: Int64 = 0
  private var handover = Handover()
  private(set) var published: [Int: Int] = [:]
  private(set) var counted: [Int: Int] = [:]

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  mutating func step() {
    now += 1
    switch Int.random(in: 0..<100, using: &random) {
    case 0: takeOver(isColdStart: false)
    case 1: takeOver(isColdStart: true)
    case 2: isRecording = false
    case 3: mark()
    case 4: pass()
    case 5..<35: publish()
    case 35..<60: record(Int.random(in: 1...4, using: &random))
    case 60..<80: hear(Int.random(in: 1...3, using: &random))
    default: read(Int.random(in: 1...3, using: &random))
    }
  }

  mutating func finish() {
    hear(live.count)
    read(stream.count)
  }

  private mutating func publish() {
    // Now and then the same bytes again, soon.
    let isRepeat = !published.isEmpty && Int.random(in: 0..<20, using: &random) == 0
    let number = isRepeat ? published.count : published.count + 1
    published[number, default: 0] += 1
    live.append(.message(number))
  }

  private mutating func mark() {
    guard isRecording else { return }
    live.append(.marker(RecorderMarker(handler: "h", fence: fence, nonce: "\(now)")))
  }

  /// A standby goes on where the one before ended; a new one begins with its marker.
  private mutating func takeOver(isColdStart: Bool) {
    fence += 1
    if isColdStart { recorded = live.count }
    isRecording = true
    mark()
  }

  private mutating func record(_ number: Int) {
    guard isRecording else { return }
    let end = min(live.count, recorded + number)
    stream += live[recorded..<end]
    recorded = end
  }

  private mutating func hear(_ number: Int) {
    let end = min(live.count, heardUpTo + number)
    for item in live[heardUpTo..<end] {
      switch item {
      case .message(let number): if handover.hear(number) { counted[number, default: 0] += 1 }
      case .marker(let marker): handover.hear(marker, at: now)
      }
    }
    heardUpTo = end
    while let first = pings.first, first.place <= heardUpTo {
      handover.heardAll(readBefore: first.moment)
      pings.removeFirst()
    }
  }

  private mutating func read(_ number: Int) {
    let end = min(stream.count, readUpTo + number)
    for item in stream[readUpTo..<end] {
      switch item {
      case .message(let number): if handover.read(number) { counted[number, default: 0] += 1 }
      case .marker(let marker): handover.read(marker, at: now)
      }
    }
    readUpTo = end
  }

  private mutating func pass() {
    pings.append((handover.pass(now, readToEndAt: now, hasRecorder: isRecording), live.count))
  }
}
