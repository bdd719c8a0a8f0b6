import FleetModel
import Logging
import Redis
import Wire

/// Counts the commands that were trimmed from a stream before the group was handed them, whoever trimmed them, and reports
/// each once.
///
/// What the server calls a group's lag is wrong after a trim. Right is: entries ever added, less those that were handed
/// out and those that wait. How many have been reported stands in the field `<stream>#lost` of `agentos:cursor`.
///
/// Before Redis 7.0 the server counts nothing: there it is only told that commands may be missing, once for each place
/// where the group stood, which is in the field `<stream>#lost-after`.
struct TrimmedCommandCounter {
  let session: LeaseSession
  let stream: [UInt8]

  private var field: [UInt8] { stream + "#lost".utf8 }
  private var uncountedField: [UInt8] { stream + "#lost-after".utf8 }

  func report(_ completion: @escaping () -> Void = {}) {
    let requests = [
      Request("XINFO", "STREAM", stream), Request("XINFO", "GROUPS", stream),
      Request("HMGET", session.keys.cursor, field, uncountedField),
    ]
    session.read(requests) { replies in
      let (info, groups, fields) = (replies[0], replies[1], replies[2].elements ?? [])
      let stored = fields.first?.bytes ?? []
      let reported = Int64(Bounded.int(stored) ?? 0)
      if !stored.isEmpty, Bounded.int(stored) == nil {
        session.passOver("how many commands were lost", session.keys.cursor, stored)
      }
      guard info.field("entries-added") != nil else {
        return reportUncounted(Self.gap(info, groups), told: fields.last?.bytes, completion)
      }
      guard let total = Self.total(info, groups), total != reported else { return completion() }
      var transaction = Transaction()
      transaction.require("HGET", session.keys.cursor, field, is: stored)
      transaction.change("HSET", session.keys.cursor, field, total)
      // It goes down if the group was made anew: then there is nothing to report.
      if total > reported { report(total - reported, in: &transaction) }
      session.run(transaction) { _ in completion() }
    }
  }

  private func report(_ count: Int64, in transaction: inout Transaction) {
    report("\(count) commands were trimmed before they were read", in: &transaction)
  }

  private func reportUncounted(
    _ gap: (after: StreamID, before: StreamID)?, told: [UInt8]?, _ completion: @escaping () -> Void
  ) {
    guard let gap, told != Array("\(gap.after)".utf8) else { return completion() }
    var transaction = Transaction()
    transaction.change("HSET", session.keys.cursor, uncountedField, "\(gap.after)")
    report(
      "commands between \(gap.after) and \(gap.before) may have been trimmed before they were read; this Redis does not count them",
      in: &transaction)
    session.run(transaction) { _ in completion() }
  }

  private func report(_ reason: String, in transaction: inout Transaction) {
    session.log(.error, reason, ["stream": String(decoding: stream, as: UTF8.self)])
    DeadLetter(source: stream, reason: reason, bytes: []).add(to: &transaction, keys: session.keys)
  }

  /// Nil if it cannot be told at present: some of what is there has been handed out and some has not, so that nothing
  /// was lost since the last time.
  private static func total(_ info: Reply, _ groups: Reply) -> Int64? {
    let group = groups.elements?.first { $0.field("name")?.bytes == Keys.group }
    guard let added = info.field("entries-added")?.integer, let length = info.field("length")?.integer,
      let read = group?.field("entries-read")?.integer,
      let delivered = group?.field("last-delivered-id")?.bytes.flatMap({ StreamID($0) })
    else { return nil }
    func id(_ name: String) -> StreamID? { info.field(name)?.elements?.first?.bytes.flatMap { StreamID($0) } }
    if let last = id("last-entry"), last > delivered {
      guard let first = id("first-entry"), first > delivered else { return nil }
      return max(0, added - read - length)
    }
    return max(0, added - read)
  }

  /// Between which ids commands may be missing, by a server that does not count; nil if none are: a stream keeps the last
  /// one that was handed out, unless somebody trims past it.
  static func gap(_ info: Reply, _ groups: Reply) -> (after: StreamID, before: StreamID)? {
    func id(_ reply: Reply?) -> StreamID? { reply?.bytes.flatMap { StreamID($0) } }
    let group = groups.elements?.first { $0.field("name")?.bytes == Keys.group }
    guard let delivered = id(group?.field("last-delivered-id")), delivered > .zero,
      let last = id(info.field("last-generated-id")), last > delivered
    else { return nil }
    let first = id(info.field("first-entry")?.elements?.first)
    guard first.map({ $0 > delivered }) ?? true else { return nil }
    return (delivered, first ?? last)
  }
}
