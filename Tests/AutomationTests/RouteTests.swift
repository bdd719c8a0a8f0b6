import Automation
import FleetModel
import Testing

/// Which notices go to which channels.
@Suite struct RouteTests {
  /// 2026-11-22, so many minutes after midnight UTC.
  private func at(_ hour: Int64, _ minute: Int64 = 0) -> Instant {
    Instant(milliseconds: 1_795_305_600_000 + (hour * 60 + minute) * 60_000)
  }

  private func notice(
    _ severity: Severity = .high, role: String? = nil, rule: String? = nil, at instant: Instant? = nil,
    to: [String] = []
  ) -> Notice {
    Notice(key: "k", severity: severity, title: "t", role: role, rule: rule, at: instant ?? at(12), to: to)
  }

  @Test(arguments: [
    (Severity.low, [String]()), (.medium, []), (.high, ["ops"]), (.critical, ["pager"]),
  ])
  func firstRouteThatMatchesCounts(_ severity: Severity, _ channels: [String]) {
    let table = NotifyTable(routes: [Route(severity: .critical, to: ["pager"]), Route(severity: .high, to: ["ops"])])
    #expect(table.channels(for: notice(severity)) == channels)
  }

  @Test func routeThatGoesOnAddsToThoseAfterIt() {
    let table = NotifyTable(
      routes: [
        Route(to: ["log"], goesOn: true), Route(severity: .high, to: ["ops", "log"]), Route(to: ["never"]),
      ], defaultRoute: ["default"])
    #expect(table.channels(for: notice(.high)) == ["log", "ops"])
    #expect(NotifyTable(defaultRoute: ["default"]).channels(for: notice()) == ["default"])
  }

  @Test func noticeThatNamesItsChannelsIsNotRouted() {
    let table = NotifyTable(routes: [Route(to: ["ops"])])
    #expect(table.channels(for: notice(to: ["a", "b", "a"])) == ["a", "b"])
  }

  @Test func acknowledgementGoesOnlyToWhoeverHasAUseForIt() {
    let table = NotifyTable(
      channels: ["chat": Channel(.slack, url: ""), "pager": Channel(.pagerduty, url: "")],
      defaultRoute: ["chat", "pager"])
    var notice = notice()
    notice.status = .acknowledged
    #expect(table.channels(for: notice) == ["pager"])
    notice.status = .resolved
    #expect(table.channels(for: notice) == ["chat", "pager"])
  }

  /// Another service that was told of the same, and the same service of another key, have not heard of it.
  @Test func whatWasDoneInAServiceIsNoNewsThere() {
    let table = NotifyTable(
      channels: ["one": Channel(.pagerduty, url: ""), "two": Channel(.pagerduty, url: "")],
      defaultRoute: ["one", "two"])
    var notice = notice()
    for status in [Notice.Status.acknowledged, .updated, .resolved] {
      notice.status = status
      notice.heardFrom = ServiceAct(channel: "one", key: "k")
      #expect(table.channels(for: notice) == ["two"])
      notice.heardFrom = ServiceAct(channel: "one", key: "group/x/high")
      #expect(table.channels(for: notice) == ["one", "two"])
    }
  }

  @Test func orderFromAServiceSaysWhereItWasDone() {
    let act = ServiceAct(channel: "pager", key: "queue.too_old/a: b/c")
    #expect(act.reason == "done in pager: queue.too_old/a: b/c")
    #expect(ServiceAct(reason: act.reason, by: "pagerduty:Al") == act)
    #expect(ServiceAct(reason: act.reason, by: "alice@bastion") == nil)
    for reason in ["", "done in ", "done in pager", "deploy: done in pager"] {
      #expect(ServiceAct(reason: reason, by: "pagerduty:Al") == nil)
    }
  }

  @Test(arguments: [
    ("support", "support", true), ("support", "sales", false), ("support-*", "support-eu", true),
    ("*-eu", "support-eu", true), ("*-eu", "support-us", false), ("s*o*t", "support", true), ("*", nil, true),
    ("support", nil, false), ("*a*b", "aab", true), ("", "x", false),
  ])
  func roleIsExactOrHasStars(_ pattern: String, _ role: String?, _ matches: Bool) {
    #expect(Route(role: pattern, to: []).matches(notice(role: role)) == matches)
    #expect(Route(rule: pattern, to: []).matches(notice(rule: role)) == matches)
  }

  @Test(arguments: [
    ("09:00-17:00", "", 8, 59, false), ("09:00-17:00", "", 9, 0, true), ("09:00-17:00", "", 16, 59, true),
    ("09:00-17:00", "", 17, 0, false), ("22:00-06:00", "", 23, 0, true), ("22:00-06:00", "", 5, 59, true),
    ("22:00-06:00", "", 12, 0, false), ("22:00-06:00", "+02:00", 20, 0, true), ("22:00-06:00", "+02:00", 4, 0, false),
    ("22:00-06:00", "-03:30", 1, 30, true), ("22:00-06:00", "-03:30", 1, 29, false), ("00:00-24:00", "Z", 3, 3, true),
    ("00:00-00:00", "", 3, 3, true),
  ])
  func hoursGoOverMidnightAndByTheirOffset(
    _ hours: String, _ offset: String, _ hour: Int64, _ minute: Int64, _ contains: Bool
  ) throws {
    #expect(try #require(DayHours(hours, offset: offset)).contains(at(hour, minute)) == contains)
  }

  @Test(arguments: [
    ("", ""), ("9:00-17:00", ""), ("24:00-06:00", ""), ("22:00", ""), ("22:60-06:00", ""), ("22:00-06:00", "2"),
    ("22:00-06:00", "+15:00"), ("22:00-25:00", ""), ("22:00-24:01", ""), ("+1:00-06:00", ""),
  ])
  func otherTextsAreNoHours(_ hours: String, _ offset: String) { #expect(DayHours(hours, offset: offset) == nil) }

  @Test func channelShowsNoSecret() {
    let channel = Channel(.pagerduty, url: "https://hooks/s3cret", routingKey: "k3y")
    var text = "\(channel) \(String(reflecting: channel)) \(["ops": channel])"
    dump(NotifyTable(channels: ["ops": channel]), to: &text)
    #expect(!text.contains("s3cret") && !text.contains("k3y"))
  }
}
