import Automation
import FleetModel
import Wire

extension Term {
  /// Adds a notice to a step, for each channel that it goes to: people are told where the step goes ahead, and only there.
  /// Once it has, call ``onNotice``.
  ///
  /// A rule's follow-up goes where its trouble was told, whichever channels that were.
  ///
  /// - Returns: the channels' names.
  @discardableResult
  func notify(_ notice: Notice, in step: inout Step) -> [String] {
    var notice = notice
    notice.role = notice.role ?? (notice.agents.count == 1 ? knownRole(notice.agents[0]) : nil)
    let channels = notice.rule != nil && notice.status.isFollowUp ? [""] : options.notify.channels(for: notice)
    for channel in channels { entry(notice, channel).add(to: &step, keys: keys) }
    return channels
  }

  /// A notice that is new in the outbox.
  func entry(_ notice: Notice, _ channel: String) -> OutboxEntry {
    lastNotice += 1
    let span = notice.deadline ?? options.notify[channel]?.deadline ?? Channel.usualDeadline
    return OutboxEntry(
      id: OutboxEntry.ID(fence: fence, number: lastNotice), channel: channel, notice: notice, next: now,
      deadline: now + span)
  }
}

extension OutboxEntry {
  func add(to step: inout Step, keys: Keys) { step.change("HSET", keys.notices, field, encoded) }
}
