import Automation
import FleetModel
import Testing
import Wire

@testable import HTTP
@testable import Handler

/// One round of questions to PagerDuty: what is asked, and what is ordered by the answers.
@Suite struct PagerDutyRoundTests {
  private let now = Instant(milliseconds: 1_795_334_400_000)
  private let person: JSONValue = ["type": "user_reference", "id": "P1", "summary": "Al\u{1B}ice"]
  private let service: JSONValue = ["type": "service_reference", "id": "P2", "summary": "Agents"]

  private func at(_ seconds: Int64) -> Instant { now + .seconds(seconds) }

  private func alert(_ agent: String, since: Instant) -> ToldAlert {
    ToldAlert(
      AlertRecord(id: AlertID(.highTraffic, AgentID(agent)), severity: .high, count: 1, since: since, last: since))
  }

  private func round(
    _ alerts: [ToldAlert], key: String = "group/traffic/high", unseen: Set<ToldAlert.Subject> = [], at seconds: Int64
  ) -> PagerDutyRound {
    PagerDutyRound(
      "pager", PagerDutyAccount.channel("http://x"),
      [AlertsBack.Standing(key: key, alerts: alerts.map(\.subject), unseen: unseen)],
      Dictionary(uniqueKeysWithValues: alerts.map { ($0.subject, $0) }), at: at(seconds))
  }

  private func acknowledged(_ at: Instant, by who: JSONValue? = nil) -> JSONValue {
    [
      "id": "Q1", "status": "acknowledged",
      "acknowledgements": [["at": .string(ISO8601.format(at)), "acknowledger": who ?? person]],
    ]
  }

  private func resolved(_ at: Instant, id: String = "Q1", by who: JSONValue? = nil, isMerged: Bool = false) -> JSONValue
  {
    [
      "id": .string(id), "status": "resolved", "resolved_at": .string(ISO8601.format(at)), "acknowledgements": [],
      "last_status_change_at": .string(ISO8601.format(at)), "last_status_change_by": who ?? person,
      "resolve_reason": isMerged ? ["type": "merge_resolve_reason"] : .null,
    ]
  }

  private func page(_ incidents: [JSONValue], more: Bool = false) -> JSONValue {
    ["incidents": .array(incidents), "more": .bool(more)]
  }

  private func names(_ round: PagerDutyRound) -> [String] {
    round.commands.map { "\($0.action.rawValue) \($0.arguments["alert"] ?? "")" }
  }

  @Test func groupOfARuleIsAcknowledgedByItsMembersThatWereThereByThen() {
    let alerts = [alert("a", since: now), alert("b", since: at(10)), alert("c", since: at(50))]
    var first = round(alerts, at: 60)
    #expect(first.request?.url.contains("incident_key=group%2Ftraffic%2Fhigh&") == true)
    let isPage = first.take(page([acknowledged(at(30))]), at: at(60))
    #expect(isPage && first.request == nil)
    #expect(names(first) == ["ack agent.high_traffic/a", "ack agent.high_traffic/b"])
    #expect(first.commands.allSatisfy { $0.operator == "pagerduty:Alice" })
    #expect(first.commands.allSatisfy { $0.reason == "done in pager: group/traffic/high" })
    #expect(Set(first.commands.map(\.id)).count == 2)
    var again = round(alerts, at: 90)
    _ = again.take(page([acknowledged(at(30))]), at: at(90))
    #expect(again.commands.map(\.id) == first.commands.map(\.id), "the same act is the same order")
  }

  /// Its clock may be ahead of Redis' own: the act is the same, whenever it is read.
  @Test func actOfAClockThatIsAheadIsOneOrder() {
    let ids = ([60, 90] as [Int64]).map { seconds -> [CommandID] in
      var round = round([alert("a", since: now)], at: seconds)
      _ = round.take(page([acknowledged(at(75))]), at: at(seconds))
      return round.commands.map(\.id)
    }
    #expect(ids[0].count == 1 && ids[0] == ids[1])
  }

  @Test func actOfAnotherAgeIsNone() {
    for incident in [acknowledged(at(4000)), resolved(at(4000)), resolved(Instant(milliseconds: 253_402_300_799_000))] {
      var round = round([alert("a", since: now)], at: 60)
      _ = round.take(page([incident, resolved(at(30))]), at: at(60))
      #expect(round.commands.isEmpty)
    }
  }

  @Test func whoResolvesItClosesWhatWasToldByThen() {
    let alerts = [alert("a", since: now), alert("b", since: at(10)), alert("c", since: at(50))]
    let unseen = Set([alerts[1].subject])
    var first = round(alerts, unseen: unseen, at: 60)
    _ = first.take(page([resolved(at(30))]), at: at(60))
    #expect(names(first) == ["close agent.high_traffic/a"])
    #expect(first.commands.first?.operator == "pagerduty:Alice")
    var again = round(alerts, unseen: unseen, at: 90)
    _ = again.take(page([resolved(at(30))]), at: at(90))
    #expect(again.commands.map(\.id) == first.commands.map(\.id), "the same act is the same order")
  }

  @Test func nothingIsClosedWhileAnIncidentGoesOn() {
    let open: JSONValue = ["id": "Q2", "status": "triggered"]
    let unknown: JSONValue = ["id": "Q2", "status": "reopened"]
    for other in [open, unknown, acknowledged(at(40), by: service), ["status": "resolved"], 7] {
      for pages in [[[other, resolved(at(30))]], [[other], [resolved(at(30))]], [[resolved(at(30))], [other]]] {
        var round = round([alert("a", since: now)], at: 60)
        for (number, incidents) in pages.enumerated() {
          let isTaken = round.take(page(incidents, more: number + 1 < pages.count), at: at(60))
          #expect(isTaken)
        }
        #expect(round.commands.isEmpty && round.request == nil, "\(other)")
      }
    }
  }

  @Test func lastEndCounts() {
    let ends: [([JSONValue], [String])] = [
      ([resolved(at(20)), resolved(at(30), by: service)], []),
      ([resolved(at(30)), resolved(at(20), by: service)], ["close agent.high_traffic/a"]),
      ([resolved(at(30), isMerged: true)], []),
      // The incident that it was merged into was resolved later.
      ([resolved(at(20), isMerged: true), resolved(at(30))], ["close agent.high_traffic/a"]),
      ([resolved(at(30), by: ["type": "integration_reference"])], []), ([resolved(at(30), by: ["summary": "x"])], []),
      ([resolved(at(30), by: ["type": "user"])], ["close agent.high_traffic/a"]),
    ]
    for (incidents, orders) in ends {
      var round = round([alert("a", since: now)], at: 60)
      _ = round.take(page(incidents), at: at(60))
      #expect(names(round) == orders, "\(incidents)")
    }
  }

  @Test func acknowledgementOfAServiceIsNobodys() {
    var round = round([alert("a", since: now)], at: 60)
    _ = round.take(page([acknowledged(at(30), by: service)]), at: at(60))
    #expect(round.commands.isEmpty)
  }

  @Test func callThatCameAfterTheEndIsNotOver() {
    var call = AlertRecord(id: AlertID(.escalation, "a"), severity: .high, count: 2, since: now, last: at(40))
    for (last, count) in [(at(40), 0), (at(20), 1)] {
      call.last = last
      var round = round([ToldAlert(call)], key: "escalation/a", at: 60)
      _ = round.take(page([resolved(at(30))]), at: at(60))
      #expect(round.commands.count == count)
    }
  }

  @Test func alertOfAQueueIsAcknowledgedAndNotClosed() {
    let id = QueueAlertID(.nobodyReads, stream: "shop/orders", group: "workers")
    let alert = ToldAlert(id, QueueTrouble(.nobodyReads, since: now))
    var first = round([alert], key: id.text, at: 60)
    _ = first.take(page([acknowledged(at(30))]), at: at(60))
    #expect(names(first) == ["ack queue.nobody_reads/shop%2Forders/workers"] && first.unheard.isEmpty)
    var second = round([alert], key: id.text, at: 60)
    _ = second.take(page([resolved(at(30))]), at: at(60))
    #expect(second.commands.isEmpty && second.unheard == [.init(alert: id, incident: "Q1")])
  }

  @Test func pagesAreReadToTheirEndAndNoFarther() {
    var round = round([alert("a", since: now)], at: 0)
    var offsets: [String] = []
    while let request = round.request {
      offsets.append(String(request.url.split(separator: "=").last ?? ""))
      // Somebody had it in hand before it began: that is another incident.
      _ = round.take(page([acknowledged(now - .hours(1))], more: true), at: now)
    }
    #expect(offsets == ["0", "25", "50", "75"] && round.commands.isEmpty)
  }

  @Test func roundIsBoundedAndComesToAllInTime() {
    let alerts = (0..<100).map { alert("agent-\($0)", since: now) }
    let standing = alerts.map { AlertsBack.Standing(key: $0.subject.description, alerts: [$0.subject]) }
    let all = Dictionary(uniqueKeysWithValues: alerts.map { ($0.subject, $0) })
    var asked: Set<String> = []
    for number in 0..<4 {
      var round = PagerDutyRound(
        "pager", PagerDutyAccount.channel("http://x"), standing, all, at: now + .seconds(30) * Int64(number))
      var count = 0
      while let request = round.request {
        asked.insert(String(request.url.prefix { $0 != "&" }))
        count += 1
        _ = round.take(["incidents": []], at: now)
      }
      #expect(count == PagerDutyRound.mostKeys)
    }
    #expect(asked.count == 100)
  }

  @Test func ordersOfARoundAreBounded() {
    let alerts = (0..<200).map { alert("agent-\($0)", since: now) }
    var round = round(alerts, at: 60)
    _ = round.take(page([resolved(at(30))]), at: at(60))
    #expect(round.commands.count == PagerDutyRound.mostCommands)
  }
}
