import FleetModel
import OpenTelemetry
import Testing
import Wire

/// Spans as lines of the audit make them.
@Suite struct SpanBuilderTests {
  private func line(
    _ phase: AuditLine.Phase, _ target: AgentID = .none, at seconds: Int64, _ id: String = "c1",
    action: String = "pause"
  ) -> AuditLine {
    let origin: AuditLine.Origin = id.contains("/") ? .run(id) : .command(CommandID(id))
    return AuditLine(
      origin: origin, phase: phase, action: action, target: target, detail: "d", at: .epoch + .seconds(seconds))
  }

  private func place(_ number: UInt64) -> StreamID { StreamID(milliseconds: number) }

  @Test func spanReachesFromTheFirstLineToTheLast() {
    var builder = SpanBuilder(prefix: "agentos")
    #expect(builder.take(line(.received, at: 10), before: place(1)).isEmpty)
    #expect(builder.take(line(.started, "a", at: 11), before: place(2)).isEmpty)
    let target = builder.take(line(.succeeded, "a", at: 14), before: place(3))
    let whole = builder.take(line(.succeeded, at: 15), before: place(4))
    let obeyed = builder.take(line(.obeyed, "a", at: 20), before: place(5))
    func seconds(_ spans: [Span]) -> [Int64] { spans.flatMap { [$0.start, $0.end] }.map { $0.milliseconds / 1000 } }
    #expect(seconds(target) == [11, 14] && seconds(whole) == [10, 15] && seconds(obeyed) == [14, 20])
    #expect(Set((target + whole + obeyed).map(\.context.trace)).count == 1)
    #expect(Set((target + whole + obeyed).map(\.context.span)).count == 3)
  }

  @Test func actionsOfOneNameAtOneAgentAreSpansOfTheirOwn() {
    var builder = SpanBuilder(prefix: "agentos")
    let run = "rule/calm/1-0/a"
    let spans = (0..<3).flatMap {
      builder.take(line(.succeeded, "a", at: $0, run, action: "block_ip"), before: place(1))
    }
    #expect(Set(spans.map(\.context.span)).count == 3)
  }

  @Test func whatARuntimeConfirmsOfARunIsAPartOfTheRun() {
    var builder = SpanBuilder(prefix: "agentos")
    let run = "rule/calm/1-0/a"
    _ = builder.take(line(.started, at: 1, run), before: place(1))
    let target = builder.take(line(.succeeded, "a", at: 2, run), before: place(1))
    let obeyed = builder.take(line(.obeyed, "a", at: 5, "\(run)/ruleActions/0"), before: place(1))
    #expect(obeyed.count == 1 && obeyed.first?.context.trace == target.first?.context.trace)
    #expect(obeyed.first?.parent == target.first?.parent && obeyed.first?.start == .epoch + .seconds(2))
  }

  /// Other proposals may still be answered.
  @Test(arguments: [("handoff", true), ("maintenance", false)])
  func proposedAgentForAConversationEndsItsRun(_ action: String, _ isEnd: Bool) {
    var builder = SpanBuilder(prefix: "agentos")
    let run = "\(action)/1/c-1"
    _ = builder.take(line(.started, at: 1, run, action: action), before: place(1))
    let spans = builder.take(line(.proposed, at: 3, run, action: action), before: place(2))
    #expect(spans.map(\.end) == (isEnd ? [.epoch + .seconds(3)] : []))
    #expect(builder.openBefore == (isEnd ? nil : place(1)))
  }

  @Test func readFromItsBeginningAgainItIsTheSame() {
    let lines = [
      line(.received, at: 1), line(.started, "a", at: 2), line(.failed, "a", at: 3), line(.skipped, "b", at: 3),
      line(.failed, at: 4),
    ]
    func spans() -> [Span] {
      var builder = SpanBuilder(prefix: "agentos")
      return lines.flatMap { builder.take($0, before: place(1)) }
    }
    #expect(spans() == spans() && spans().count == 3)
    #expect(spans().map(\.failure) == ["d", nil, "d"])
  }

  @Test func placeIsThatOfTheOldestThatHasNotEnded() {
    var builder = SpanBuilder(prefix: "agentos")
    #expect(builder.openBefore == nil)
    _ = builder.take(line(.received, at: 1, "c1"), before: place(1))
    _ = builder.take(line(.received, at: 2, "c2"), before: place(2))
    #expect(builder.openBefore == place(1))
    _ = builder.take(line(.succeeded, at: 3, "c1"), before: place(3))
    #expect(builder.openBefore == place(2))
    // What is skipped has no closing line.
    _ = builder.take(line(.succeeded, at: 3, "c2"), before: place(3))
    _ = builder.take(line(.skipped, "a", at: 4, "rule/calm/1-0/a"), before: place(3))
    #expect(builder.openBefore == nil)
    // One that never ends is forgotten.
    _ = builder.take(line(.received, at: 5, "c9"), before: place(3))
    _ = builder.take(line(.received, at: 700, "c3"), before: place(4))
    #expect(builder.openBefore == place(4))
  }

  @Test func thatAnAlertBeganOrEndedIsNoSpan() {
    var builder = SpanBuilder(prefix: "agentos")
    let run = "agent.runaway/a/1000"
    for phase in [AuditLine.Phase.started, .succeeded] {
      #expect(builder.take(line(phase, "a", at: 1, run, action: AuditLine.wholeAlert), before: place(1)).isEmpty)
    }
    #expect(builder.openBefore == nil)
  }

  @Test func idsDifferByInstallationAndAreNeverZero() {
    let here = TraceContext("c1", .whole, prefix: "agentos")
    let there = TraceContext("c1", .whole, prefix: "other")
    #expect(here.trace != there.trace && here == TraceContext("c1", .whole, prefix: "agentos"))
    #expect(here.traceparent.utf8.count == 55 && here.traceparent.hasPrefix("00-") && here.traceparent.hasSuffix("-01"))
  }

  @Test func whatNeverEndsTakesNoMemoryForEver() {
    var builder = SpanBuilder(prefix: "agentos")
    for number in 0..<10_000 { _ = builder.take(line(.received, at: 1, "c\(number)"), before: place(UInt64(number))) }
    #expect(builder.openBefore == place(10_000 - 4096))
  }
}
