import Automation
import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

/// Whose turn it is, and what an answer means for the rest.
@Suite(.threaded) struct OutboxTests {
  private var outbox = Outbox()
  private let slack = Channel(.slack, url: "http://x")
  private let pager = Channel(.pagerduty, url: "http://x")
  private let alerts = Channel(.alertmanager, url: "http://x")
  private var table: NotifyTable { NotifyTable(channels: ["slack": slack, "pager": pager, "alerts": alerts]) }

  private func at(_ seconds: Double) -> Instant { Instant(milliseconds: 1_795_334_400_000 + Int64(seconds * 1000)) }

  private func entry(
    _ number: Int, _ channel: String = "pager", key: String? = nil, _ status: Notice.Status = .firing
  ) -> OutboxEntry {
    let notice = Notice(key: key ?? "k\(number)", status: status, severity: .high, title: "t", at: at(0))
    return OutboxEntry(
      id: .init(fence: 1, number: number), channel: channel, notice: notice, next: at(0), deadline: at(900))
  }

  private mutating func sent(at seconds: Double) -> [Int] {
    outbox.advance(at: at(seconds), table).compactMap {
      if case .send(let entry) = $0 { entry.id.number } else { nil }
    }
  }

  @discardableResult
  private mutating func answer(
    _ verdict: DeliveryResult, _ number: Int, _ channel: String = "pager", at seconds: Double
  )
    -> [Outbox.Task]
  {
    outbox.take(
      verdict, of: .init(fence: 1, number: number), on: channel, channel: table[channel] ?? pager, at: at(seconds),
      chance: 0)
  }

  @Test mutating func noticesGoOneAfterAnotherInTheirOrder() {
    for number in [3, 1, 2] { outbox.add(entry(number)) }
    #expect(sent(at: 0) == [1])
    #expect(sent(at: 0).isEmpty, "one at a time")
    #expect(answer(.delivered(pause: nil), 1, at: 1) == [.remove(entry(1))])
    #expect(sent(at: 1) == [2])
    answer(.delivered(pause: nil), 2, at: 1)
    #expect(sent(at: 1) == [3])
  }

  @Test mutating func slackGetsOneASecondAndOthersDoNotWaitForIt() {
    for number in 1...2 { outbox.add(entry(number, "slack")) }
    outbox.add(entry(3))
    #expect(sent(at: 0) == [3, 1])
    answer(.delivered(pause: nil), 1, "slack", at: 0.2)
    #expect(sent(at: 1.1).isEmpty)
    #expect(outbox.next == at(1.2))
    #expect(sent(at: 1.2) == [2])
  }

  @Test mutating func serviceThatAsksForAPauseGetsItForAll() {
    for number in 1...2 { outbox.add(entry(number)) }
    #expect(sent(at: 0) == [1])
    var kept = entry(1)
    (kept.attempts, kept.failure) = (1, "HTTP 429")
    #expect(answer(.retry("HTTP 429", after: .milliseconds(2500)), 1, at: 0) == [.keep(kept)])
    #expect(sent(at: 2.4).isEmpty)
    #expect(sent(at: 2.5) == [1])
    answer(.delivered(pause: .seconds(7)), 1, at: 3)
    #expect(sent(at: 9.9).isEmpty)
    #expect(sent(at: 10) == [2])
  }

  @Test mutating func noticeThatItsServiceChokesOnKeepsOnlyItsOwnKeyBack() {
    outbox.add(entry(1, key: "a"))
    outbox.add(entry(2, key: "a", .resolved))
    outbox.add(entry(3, key: "b"))
    #expect(sent(at: 0) == [1])
    answer(.retry("HTTP 500", after: nil), 1, at: 0)
    #expect(outbox.next == at(0.5))
    #expect(sent(at: 0.5) == [3], "the channel is tried with another")
    answer(.delivered(pause: nil), 3, at: 0.5)
    #expect(sent(at: 0.5) == [1], "and 2 waits for what it follows")
    answer(.delivered(pause: nil), 1, at: 0.5)
    #expect(sent(at: 0.5) == [2])
  }

  @Test mutating func serviceThatIsDownIsAskedLessAndLess() {
    for number in 1...9 { outbox.add(entry(number)) }
    var time = 0.0
    var times: [Double] = []
    for _ in 1...9 {
      let number = sent(at: time)[0]
      answer(.retry("HTTP 503", after: nil), number, at: time)
      times.append(time)
      time = Double((outbox.next ?? at(0)).milliseconds - at(0).milliseconds) / 1000
    }
    #expect(times == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5])
  }

  @Test mutating func deadlineEndsItWithItsReason() {
    outbox.add(entry(1))
    #expect(sent(at: 0) == [1])
    answer(.retry("HTTP 503: down", after: .seconds(86_000)), 1, at: 0)
    #expect(outbox.next == at(900))
    guard case .giveUp(let ended, let reason) = outbox.advance(at: at(900), table).first else {
      Issue.record("not given up")
      return
    }
    #expect(ended.id.number == 1 && reason == "not told in time, 1 attempts: HTTP 503: down")
    #expect(outbox.next == nil)
  }

  @Test mutating func refusedOneIsGivenUpAndTheNextGoes() {
    for number in 1...2 { outbox.add(entry(number)) }
    #expect(sent(at: 0) == [1])
    #expect(answer(.refused("HTTP 400: bad"), 1, at: 0) == [.giveUp(entry(1), "HTTP 400: bad")])
    #expect(sent(at: 0) == [2])
  }

  @Test mutating func channelThatIsGoneGetsNothingUntilItIsTriedAnew() {
    for number in 1...2 { outbox.add(entry(number)) }
    #expect(sent(at: 0) == [1])
    let gone = answer(.endpointGone("HTTP 404"), 1, at: 0)
    #expect(gone == [.disable(channel: "pager", "HTTP 404"), .giveUp(entry(1), "HTTP 404")])
    #expect(outbox.advance(at: at(0), table) == [.giveUp(entry(2), "the channel is disabled: HTTP 404")])
    outbox.enableAll()
    outbox.add(entry(3))
    #expect(sent(at: 1) == [3])
  }

  @Test mutating func channelThatIsNotConfiguredIsNamed() {
    outbox.add(entry(1, "nobody"))
    #expect(outbox.advance(at: at(0), table) == [.giveUp(entry(1, "nobody"), "no such channel is configured")])
  }

  @Test mutating func alertIsPostedAgainUntilItIsResolved() {
    outbox.add(entry(1, "alerts", key: "a"))
    #expect(sent(at: 0) == [1])
    guard case .keep(let isActive) = answer(.delivered(pause: nil), 1, "alerts", at: 0).first else {
      Issue.record("not kept")
      return
    }
    #expect(isActive.isActive && isActive.next == at(300) && isActive.deadline == at(7 * 86_400))
    #expect(outbox.next == at(300))
    #expect(sent(at: 300) == [1])
    answer(.delivered(pause: nil), 1, "alerts", at: 300)
    outbox.add(entry(2, "alerts", key: "a", .resolved))
    #expect(sent(at: 301) == [2])
    #expect(
      answer(.delivered(pause: nil), 2, "alerts", at: 301) == [
        .remove(standing(until: 600)), .remove(entry(2, "alerts", key: "a", .resolved)),
      ])
    #expect(outbox.next == nil)
  }

  private func standing(until seconds: Double) -> OutboxEntry {
    var entry = entry(1, "alerts", key: "a")
    (entry.isActive, entry.next, entry.deadline) = (true, at(seconds), at(7 * 86_400))
    return entry
  }

  @Test func entryComesBackAsItWasWritten() throws {
    var notice = Notice(
      key: "k", status: .updated, severity: .critical, title: "t", text: "x", fields: [Notice.Field("a", "b")],
      agents: [AgentID(bytes: [0xFF, 0x61])], role: "r", rule: "u", at: at(0), to: ["slack"], deadline: .seconds(3))
    for change in [{ (_: inout Notice) in }, { $0 = Notice(key: "", severity: .low, title: "", at: $0.at) }] {
      change(&notice)
      var entry = OutboxEntry(
        id: .init(fence: 3, number: 14), channel: "slack", notice: notice, next: at(1), deadline: at(2))
      #expect(OutboxEntry(field: entry.field, value: entry.encoded) == entry)
      (entry.isActive, entry.isCollected, entry.attempts, entry.failure) = (true, true, 2, "why")
      #expect(OutboxEntry(field: entry.field, value: entry.encoded) == entry)
      for length in 0..<entry.encoded.count {
        #expect(OutboxEntry(field: entry.field, value: Array(entry.encoded.prefix(length))) == nil)
      }
    }
  }

  @Test func groupComesBackAsItWasWritten() throws {
    var grouping = Grouping()
    var notice = Notice(key: "k", severity: .high, title: "t", rule: "a/b", at: at(0))
    notice.heardFrom = ServiceAct(channel: "ops", key: "group/a/b/high")
    let id = try #require(grouping.take(notice, for: "ops", at: at(0)).first)
    var group = try #require(grouping.groups[id])
    #expect(GroupCoding.decode(GroupCoding.encode(id, group))?.group == group)
    _ = grouping.advance(at: at(10))
    group = try #require(grouping.groups[id])
    group.members[ExactText("k")]?.rules = ["a/b", "latency"]
    let decoded = try #require(GroupCoding.decode(GroupCoding.encode(id, group)))
    #expect(decoded.id == id && decoded.group == group)
  }

  @Test mutating func allClearThatIsGivenUpEndsWhatStands() {
    outbox.add(entry(1, "alerts", key: "k"))
    #expect(sent(at: 0) == [1])
    answer(.delivered(pause: nil), 1, "alerts", at: 0)
    let clear = entry(2, "alerts", key: "k", .resolved)
    outbox.add(clear)
    #expect(sent(at: 1) == [2])
    let tasks = answer(.refused("HTTP 400"), 2, "alerts", at: 1)
    #expect(tasks.count == 2 && tasks.last == .giveUp(clear, "HTTP 400"))
    #expect(outbox.next == nil, "nothing is posted again")
  }

  @Test mutating func alertOfAnotherSeverityStandsUntilBothAreOver() {
    func notice(_ number: Int, _ severity: Severity, _ status: Notice.Status = .firing) -> OutboxEntry {
      var entry = entry(number, "alerts", key: "k", status)
      entry.notice.severity = severity
      return entry
    }
    for (number, severity) in [(1, Severity.medium), (2, .high)] {
      outbox.add(notice(number, severity))
      #expect(sent(at: Double(number)) == [number])
      answer(.delivered(pause: nil), number, "alerts", at: Double(number))
    }
    // Each is said again, or its service would call it over.
    #expect(sent(at: 302) == [1])
    answer(.delivered(pause: nil), 1, "alerts", at: 302)
    #expect(sent(at: 303) == [2])
    answer(.delivered(pause: nil), 2, "alerts", at: 303)
    outbox.add(notice(3, .high, .resolved))
    #expect(sent(at: 310) == [3])
    answer(.delivered(pause: nil), 3, "alerts", at: 310)
    let last = outbox.advance(at: at(311), table)
    guard case .send(let over)? = last.first else {
      Issue.record("the older one is never over: \(last)")
      return
    }
    #expect(over.id.number == 1 && over.notice.status == .resolved && over.notice.severity == .medium)
    answer(.delivered(pause: nil), 1, "alerts", at: 311)
    #expect(outbox.next == nil)
  }

  @Test mutating func pauseOfNothingIsNone() {
    outbox.add(entry(1))
    #expect(sent(at: 0) == [1])
    answer(.retry("HTTP 503", after: .zero), 1, at: 0)
    #expect(sent(at: 0.1) == [], "a service that is down is not asked at once")
    #expect(sent(at: 61) == [1])
  }
}
