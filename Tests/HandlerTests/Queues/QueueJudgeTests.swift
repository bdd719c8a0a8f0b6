import FleetModel
import TestSupport
import Testing

@testable import Handler

/// When a queue is in trouble, and when that is over.
@Suite struct QueueJudgeTests {
  private static func standing(
    _ change: (inout QueueStanding) -> Void = { _ in }
  ) -> QueueStanding {
    var queue = QueueStanding(stream: "orders", group: "workers", seenSince: .at(1000))
    (queue.length, queue.pending, queue.consumers) = (10, 0, 1)
    change(&queue)
    return queue
  }

  private static func settings(_ change: (inout QueueSettings) -> Void = { _ in }) -> QueueSettings {
    var settings = QueueSettings(stream: "orders")
    change(&settings)
    return settings
  }

  /// Judges one after the other; gives the trouble after each.
  private func troubles(
    _ settings: QueueSettings, _ looks: [(at: Int64, queue: QueueStanding)]
  ) -> [QueueTrouble.Kind?] {
    var report: QueueReport?
    return looks.map { look in
      var judge = QueueJudge(settings: [settings], before: report, at: .at(look.at))
      let next = judge.judge([.init(queues: [look.queue])])
      report = next
      return next.queues.first?.trouble?.kind
    }
  }

  private static func waiting(_ count: Int, since: Int64, read: Int64?, at: Int64) -> (Int64, QueueStanding) {
    (
      at,
      standing {
        $0.seenSince = .at(at)
        $0.waiting = .entries(count)
        $0.oldestWaiting = .at(since)
        $0.lastRead = read.map { .at($0) }
      }
    )
  }

  @Test func nobodyReadsOnlyOnceNobodyHasForSoLong() {
    let looks = [
      Self.waiting(5, since: 900, read: 995, at: 1000), Self.waiting(5, since: 900, read: 995, at: 1054),
      Self.waiting(5, since: 900, read: 995, at: 1060), Self.waiting(5, since: 900, read: 1061, at: 1062),
    ]
    #expect(troubles(Self.settings(), looks) == [nil, nil, .nobodyReads, nil])
  }

  /// Its readers may be about to come, or an old backlog be of no concern to a new group.
  @Test func queueThatWasJustFoundIsGivenTime() {
    let looks = [
      Self.waiting(5, since: 10, read: nil, at: 1000), Self.waiting(5, since: 10, read: nil, at: 1059),
      Self.waiting(5, since: 10, read: nil, at: 1060),
    ]
    #expect(troubles(Self.settings(), looks) == [nil, nil, .nobodyReads])
  }

  /// A service that restarts takes its consumer away and comes back with another.
  @Test func readerThatHasJustLeftHasReadAllTheSame() {
    var gone = Self.waiting(5, since: 900, read: nil, at: 1070)
    gone.1.consumers = 0
    let looks = [
      Self.waiting(5, since: 900, read: 999, at: 1000), Self.waiting(5, since: 900, read: 1065, at: 1066), gone,
    ]
    #expect(troubles(Self.settings(), looks) == [nil, nil, nil])
  }

  @Test func nothingThatWaitsIsNoTroubleHoweverLongNobodyReads() {
    let idle = Self.standing { ($0.waiting, $0.lastRead) = (.nothing, .at(0)) }
    #expect(troubles(Self.settings(), [(1000, idle), (9000, idle)]) == [nil, nil])
  }

  @Test func streamWithoutAGroupIsTroubleOnceItHoldsSomething() {
    func stream(_ length: Int) -> QueueStanding {
      var queue = QueueStanding(stream: "orders", group: nil, seenSince: .at(1000))
      (queue.length, queue.waiting) = (length, length > 0 ? .entries(length) : .nothing)
      return queue
    }
    #expect(troubles(Self.settings(), [(1000, stream(0)), (2000, stream(0))]) == [nil, nil])
    #expect(troubles(Self.settings(), [(1000, stream(3)), (1060, stream(3))]) == [nil, .nobodyReads])
  }

  @Test func tooManyEndsOnlyWhenClearlyFewerWait() {
    let settings = Self.settings { ($0.mostLag, $0.unreadAfter) = (100, .days(1)) }
    let looks = [100, 101, 90, 81, 80, 101].enumerated().map { place, count in
      Self.waiting(count, since: 999, read: 999, at: 1000 + Int64(place))
    }
    #expect(troubles(settings, looks) == [nil, .tooLong, .tooLong, .tooLong, nil, .tooLong])
  }

  /// A lag that the server does not tell is neither 0 nor above any bound.
  @Test func unknownLagChangesNothing() {
    let settings = Self.settings { ($0.mostLag, $0.unreadAfter) = (100, .days(1)) }
    let some = Self.standing { $0.waiting = .some }
    let many = Self.standing { $0.waiting = .entries(500) }
    #expect(troubles(settings, [(1000, some), (1001, many), (1002, some)]) == [nil, .tooLong, .tooLong])
  }

  @Test func entryThatIsPendingForTooLongIsTrouble() {
    let settings = Self.settings { $0.mostAge = .minutes(5) }
    let queue = Self.standing { ($0.waiting, $0.pending, $0.oldestPending) = (.nothing, 1, .at(1000)) }
    let done = Self.standing { $0.waiting = .nothing }
    #expect(troubles(settings, [(1300, queue), (1301, queue), (1302, done)]) == [nil, .tooOld, nil])
  }

  @Test func worseTroubleTakesThePlaceOfTheOther() {
    let settings = Self.settings { $0.mostLag = 1 }
    var report: QueueReport?
    var told: [String] = []
    var titles: [String] = []
    for (at, queue) in [
      Self.waiting(5, since: 999, read: 999, at: 1000), Self.waiting(5, since: 999, read: 999, at: 1060),
    ] {
      var judge = QueueJudge(settings: [settings], before: report, at: .at(at))
      report = judge.judge([.init(queues: [queue])])
      let notices = judge.changes.map { QueueNotice.notice($0, at: .at(at)) }
      told += notices.map { "\($0.status.rawValue) \($0.key)" }
      titles += notices.map(\.title)
    }
    #expect(
      told == [
        "firing queue.too_long/orders/workers", "resolved queue.too_long/orders/workers",
        "firing queue.nobody_reads/orders/workers",
      ])
    #expect(titles.dropFirst().first == "orders / workers: too many wait: now nobody reads")
  }

  @Test func whatCannotBeLookedAtKeepsItsTroubleAndAStreamThatIsGoneDoesNot() {
    let settings = Self.settings()
    var fault = QueueStanding(stream: "orders", group: nil, seenSince: .at(0))
    fault.fault = "refused"
    var report: QueueReport?
    func look(_ at: Int64, _ finding: QueueLook.Finding) -> [QueueJudge.Change] {
      var judge = QueueJudge(settings: [settings], before: report, at: .at(at))
      report = judge.judge([finding])
      return judge.changes
    }
    _ = look(1000, .init(queues: [Self.waiting(1, since: 0, read: nil, at: 1000).1]))
    #expect(look(1060, .init(queues: [Self.waiting(1, since: 0, read: nil, at: 1060).1])).count == 1)
    #expect(look(1065, .init(queues: [fault])).isEmpty)
    #expect(report?.troubled.map(\.group) == ["workers"] && report?.queues.count == 2)
    let ends = look(1070, .init(queues: [fault], isGone: true))
    guard case .ended(_, _, _, let isAllClear)? = ends.first else { return #expect(Bool(false), "it has not ended") }
    #expect(ends.count == 1 && !isAllClear && report?.troubled.isEmpty == true)
  }

  @Test func namesWithSlashesHaveKeysOfTheirOwn() {
    var (first, second) = (Self.standing(), Self.standing())
    (first.stream, first.group) = ("a/b", "c")
    (second.stream, second.group) = ("a", "b/c")
    #expect(QueueNotice.key(first, .tooOld) == "queue.too_old/a%2Fb/c")
    #expect(QueueNotice.key(second, .tooOld) == "queue.too_old/a/b%2Fc")
  }
}
