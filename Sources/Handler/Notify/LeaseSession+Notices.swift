import Automation
import Execution
import FleetModel
import Wire

extension LeaseSession {
  /// Calls a person as part of a transaction: opens the escalation, or adds one to its count, and pages the channels
  /// that the routes name.
  ///
  /// - Parameters:
  ///   - stored: the alert as it was read; the transaction goes ahead only while it still stands so.
  ///   - channel: a channel to page in place of the routes, if one of that name is configured.
  /// - Returns: what the transaction is to be run with.
  func openEscalation(
    _ id: AlertID, stored: [UInt8], _ words: String, to channel: String? = nil, in transaction: inout Transaction
  ) -> Change {
    let open = AlertCoding.decode(id: id.bytes, payload: stored)
    let alert = Change.escalated(open, id, .high, words, at: now)
    var page = Notice(call: alert, before: open, at: now)
    if let channel, options.notify.names.contains(channel) { page.to = [channel] }
    let change = addressed(Change(alert: alert, notices: [page]))
    transaction.require("HGET", keys.alerts, id.bytes, is: stored)
    transaction.change("HSET", keys.alerts, id.bytes, AlertCoding.encode(change.alert ?? alert))
    transaction.noteAlerts(keys)
    for notice in change.notices { notify(notice, groupingChatsAs: Notice.escalations, in: &transaction) }
    return change
  }

  /// The same change, if it is one of an escalation: its alert knows by which channels people are called, and what
  /// becomes of it goes to those that they were called by.
  func addressed(_ change: Change) -> Change {
    guard var alert = change.alert, alert.id.kind == .escalation else { return change }
    var change = change
    for index in change.notices.indices {
      if change.notices[index].status == .firing {
        let channels = options.notify.channels(for: withRole(change.notices[index]))
        change.notices[index].to = channels
        alert.told += channels.filter { !alert.told.contains($0) }
      } else {
        // One that is no longer configured could only be given up.
        change.notices[index].to = alert.told.filter { options.notify.names.contains($0) }
      }
    }
    // Who was not called hears of no end either. Without names here, the routes would choose channels anew.
    change.notices.removeAll { $0.status != .firing && $0.to.isEmpty }
    change.alert = alert
    return change
  }

  private func withRole(_ notice: Notice) -> Notice {
    var notice = notice
    notice.role = notice.role ?? (notice.agents.count == 1 ? fleet?.role(of: notice.agents[0]) : nil)
    return notice
  }

  /// Adds a notice to a transaction, for each channel that it goes to: people are told if the transaction goes ahead,
  /// and only there. Once it has, tell ``Committed/notices``.
  ///
  /// A rule's follow-up goes where its trouble was told, whichever channels that were.
  ///
  /// - Parameter group: if no rule tells it, the group in which chats hear of it; other services are told of each by
  ///   itself, for they know it again by its key.
  /// - Returns: the channels' names.
  @discardableResult
  func notify(_ notice: Notice, groupingChatsAs group: String? = nil, in transaction: inout Transaction) -> [String] {
    var notice = withRole(notice)
    notice.links = NoticeLinks.of(notice, options.notify.links, at: now)
    let channels = channels(for: notice)
    for channel in channels {
      var notice = notice
      if options.notify[channel]?.isChat == true { notice.rule = notice.rule ?? group }
      // To an incident that somebody has acknowledged PagerDuty adds a line, and wakes nobody.
      if notice.reopensAcknowledged, options.notify[channel]?.descriptor.keepsAcknowledgement == true {
        var over = notice
        over.status = .resolved
        entry(over, channel).add(to: &transaction, keys: keys)
      }
      entry(notice, channel).add(to: &transaction, keys: keys)
    }
    return channels
  }

  /// The channels that a notice goes to, by name; "" for those that were told of its trouble, whichever these are.
  func channels(for notice: Notice) -> [String] {
    guard notice.rule == nil || !notice.status.isFollowUp else { return options.notify.channels.isEmpty ? [] : [""] }
    return options.notify.channels(for: withRole(notice))
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
  func add(to transaction: inout Transaction, keys: Keys) { transaction.change("HSET", keys.notices, field, encoded) }
}
