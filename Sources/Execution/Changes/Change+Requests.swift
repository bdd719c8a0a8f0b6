import Automation
import FleetModel
import Wire

/// What runtimes and services are asked for, and settings of the handler's own.
extension Change {
  package static func rebalance(to others: String?, share: Double?) -> Change {
    let arguments = ["to": others, "share": share.map { "\($0)" }].compactMapValues(\.self)
    return Change(
      control: Control(action: .rebalance, arguments: arguments),
      detail: "told to rebalance" + (others.map { " to \($0)" } ?? ""))
  }

  package static func transfer(
    _ conversation: String, to agent: AgentID?, skill: String?, notes: [String: String], _ context: PlanningContext
  ) throws(Refusal) -> Change {
    guard agent != context.target else { throw Refusal("\(context.target) has the conversation already") }
    let arguments = ["conversation_id": conversation, "to": agent?.description, "skill": skill]
      .compactMapValues(\.self).merging(notes) { first, _ in first }
    let whom = agent.map { "\($0)" } ?? "whoever knows \(skill ?? "")"
    return Change(
      control: Control(action: .transfer, arguments: arguments), detail: "\(conversation) goes to \(whom)")
  }

  package static func offerCoupon(_ conversations: String, _ campaign: String?) -> Change {
    let arguments = ["conversation_ids": conversations, "campaign": campaign].compactMapValues(\.self)
    return Change(
      control: Control(action: .offerCoupon, arguments: arguments), detail: "a coupon for \(conversations)")
  }

  /// - Parameter value: nil takes the setting back to what the runtime has by itself.
  package static func tune(_ parameter: String, _ value: String?, _ context: PlanningContext) -> Change {
    Change(
      after: context.record,
      control: Control(
        action: .tune, arguments: ["parameter": parameter, "value": value].compactMapValues(\.self)),
      setting: (parameter, value),
      detail: "\(parameter) \(context.setting ?? "unset") → \(value ?? "unset")")
  }

  /// What carries it out brings the other version; that it runs is known once the agent says so.
  package static func rollback(to version: String, _ context: PlanningContext) throws(Refusal) -> Change {
    if let known = context.knownVersion, known.isExactly(version) {
      throw Refusal("\(context.target) runs version \(version) already")
    }
    let before = context.knownVersion.map { "\($0) → " } ?? ""
    return Change(
      control: Control(action: .rollback, arguments: ["version": version]),
      detail: "version \(before)\(version)".clipped(toBytes: TextBound.words))
  }

  package static func schedule(_ job: JobName, at due: Instant, _ context: PlanningContext) throws(Refusal) -> Change {
    guard job != .dashboard || context.makesDashboards else {
      throw Refusal("nothing makes dashboards: [grafana] in the handler's file would")
    }
    let due = max(due, context.now)
    let moved = context.scheduledAt.map { ", moved from \(ISO8601.format($0))" } ?? ""
    return Change(
      scheduledJobs: [ScheduledJob(job: Job(.run(job), context.target), due: due)],
      detail: "\(job.rawValue) at \(Self.clock(due, context.now))\(moved)")
  }

  package static func cancel(_ job: JobName, _ context: PlanningContext) throws(Refusal) -> Change {
    guard context.scheduledAt != nil else { throw Refusal("no \(job.rawValue) of \(context.target) is scheduled") }
    return Change(
      scheduledJobs: [ScheduledJob(job: Job(.run(job), context.target), due: nil)], detail: "\(job.rawValue) cancelled")
  }

  package static func notify(_ channel: String, _ text: String, _ context: PlanningContext) throws(Refusal) -> Change {
    guard context.channels.contains(channel) else {
      let names = context.channels.sorted().joined(separator: ", ")
      throw Refusal("no channel \"\(channel)\" is configured; there is \(names.isEmpty ? "none" : names)")
    }
    let notice = Notice(
      text: text, to: channel, from: context.operator, command: context.commandID, target: context.target,
      at: context.now)
    return Change(notices: [notice], detail: "on its way to \(channel)")
  }

  package static func automate(_ mode: String, _ context: PlanningContext) -> Change {
    Change(automation: mode, detail: "automation \(context.setting ?? AutomationMode.dry.rawValue) → \(mode)")
  }

  /// `22:10Z`, with its day if that is not within a day.
  private static func clock(_ due: Instant, _ now: Instant) -> String {
    let text = ISO8601.format(due)
    let time = "\(text.dropFirst(11).prefix(5))Z"
    return (due - now).magnitude < .days(1) ? time : "\(text.prefix(10)) \(time)"
  }
}
