import FleetModel
import Loop
import Redis
import Wire

/// Follows a server, and notes what comes as text.
package final class Follower {
  package var seen: [String] = []
  /// When each event and each unreadable message came, as its ages count.
  package private(set) var times: [Instant] = []
  package private(set) var lines: [AuditLine] = []
  package private(set) var leaps: [TimeSpan] = []
  package var isCaughtUp = false
  package var states: [EventFeed.LinkState] = []
  package var gaps: [EventFeed.Missed] = []
  package var handlers: [String?] = []
  package var settings: [AutomationSetting] = []
  /// When notices were given up; nil until that is told.
  package private(set) var undelivered: [Instant]?
  /// What the handler thinks, as it was told, and how often all of it was told.
  package private(set) var insights: [(id: AgentID, insight: AgentInsight)] = []
  package private(set) var insightRounds = 0
  /// By what the handler judges, as it was told.
  package private(set) var levels: [LevelSettings] = []
  /// How queues stand, as it was told last.
  package private(set) var queues: QueueReport?
  package private(set) var waiting: WaitingBook?
  /// Windows of maintenance, each time that they were told.
  package private(set) var maintenance: [[MaintenanceWindow]] = []
  package var sender: CommandSender?
  package private(set) var feed: EventFeed!

  package convenience init(
    _ server: TestServer, at endpoint: Endpoint? = nil, _ change: (inout EventFeed.Options) -> Void = { _ in }
  ) {
    self.init(server.loop, at: endpoint ?? server.endpoint, change)
  }

  package init(_ loop: Loop, at endpoint: Endpoint, _ change: (inout EventFeed.Options) -> Void = { _ in }) {
    var options = EventFeed.Options()
    change(&options)
    feed = EventFeed(loop: loop, endpoint: endpoint, options: options) {
      [unowned self] event, origin in
      let place = if case .entry = origin { "entry" } else { "channel" }
      seen.append("\(place) \(event.agentID) \(event.kind)")
      times.append(event.receivedAt)
    } notice: { [unowned self] in
      take($0)
    }
    feed.start()
  }

  deinit { feed.stop() }

  package var isUp: Bool { states.last == .up }
  package var isDown: Bool { if case .down = states.last { true } else { false } }

  /// The numbers that events carry as their agents' ids.
  package var numbers: [Int] { seen.compactMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } } }

  private func take(_ notice: EventFeed.Update) {
    sender?.take(notice)
    switch notice {
    case .unreadable(let reason, let origin):
      seen.append("unreadable \(reason)")
      times.append(feed.time(of: origin))
    case .audit(let line):
      lines.append(line)
      seen.append("audit \(line.phase.rawValue) \(line.target)")
    case .queues(let report): queues = report
    case .waiting(let book): waiting = book
    case .maintenance(let windows): maintenance.append(windows)
    case .record(let id, let record): seen.append("record \(id) \(record.state.rawValue)")
    case .alerts(let all, _, _): for alert in all { seen.append("alert \(alert.id.kind)") }
    case .handler(let lease): handlers.append(lease?.id)
    case .proposals(let all, _): for proposal in all { seen.append("proposal \(proposal.id)") }
    case .undelivered(let moments, _): undelivered = moments
    case .automation(let setting, _): settings.append(setting)
    case .caughtUp: isCaughtUp = true
    case .insight(.of(let id, let insight)): insights.append((id, insight))
    case .insight(.told): insightRounds += 1
    case .levels(let told):
      levels.append(told)
      seen.append("levels")
    case .stateTold, .recordsBegin, .judged, .insight(.begin): break
    case .leap(let step): leaps.append(step)
    case .link(let state):
      states.append(state)
    case .missed(let missed):
      gaps.append(missed)
      seen.append("gap")
    case .refused(let subject, let error): seen.append("refused \(Self.name(subject)) \(error.code)")
    case .served(let subject): seen.append("served \(Self.name(subject))")
    }
  }

  private static func name(_ subject: EventFeed.Subject) -> String {
    if case .stream(let key) = subject { String(decoding: key, as: UTF8.self) } else { "\(subject)" }
  }
}

extension TestServer {
  /// An event of an agent, as plain JSON.
  package static func event(_ agent: String, padding: Int = 0) -> String {
    let text = String(repeating: "x", count: padding)
    return #"{"entity_id":"\#(agent)","event_type":"metrics","data":{"error_rate":0.5,"text":"\#(text)"}}"#
  }

  /// Adds events of agents to a stream.
  package func add(_ agents: some Sequence<Int>, to stream: String = "agentos:events") throws {
    for agent in agents { _ = try call("XADD", stream, "*", "__data__", Self.event("\(agent)")) }
  }

  package func publish(_ agents: some Sequence<Int>) throws {
    for agent in agents { _ = try call("PUBLISH", "agent.metrics", Self.event("\(agent)")) }
  }
}
