import FleetModel
import Redis
import Wire

/// Counts the commands that were trimmed from a stream before the group was handed them, whoever trimmed them, and reports
/// each once.
///
/// What the server calls a group's lag is wrong after a trim. Right is: entries ever added, less those that were handed
/// out and those that wait. How many have been reported stands in the field `<stream>#lost` of `agentos:cursor`.
struct LostCommands {
  let term: Term
  let stream: [UInt8]

  private var field: [UInt8] { stream + "#lost".utf8 }

  func report(_ completion: @escaping () -> Void = {}) {
    let requests = [
      Request("XINFO", "STREAM", stream), Request("XINFO", "GROUPS", stream), Request("HGET", term.keys.cursor, field),
    ]
    term.read(requests) { replies in
      let stored = replies[2].bytes ?? []
      let reported = Int64(Bounded.int(stored) ?? 0)
      if !stored.isEmpty, Bounded.int(stored) == nil {
        term.passOver("how many commands were lost", term.keys.cursor, stored)
      }
      guard let total = Self.total(replies[0], replies[1]), total != reported else { return completion() }
      var step = Step()
      step.require("HGET", term.keys.cursor, field, is: stored)
      step.change("HSET", term.keys.cursor, field, total)
      // It goes down where the group was made anew: then there is nothing to report.
      if total > reported { report(total - reported, in: &step) }
      term.run(step) { _ in completion() }
    }
  }

  private func report(_ count: Int64, in step: inout Step) {
    let reason = "\(count) commands were trimmed before they were read"
    term.log(.error, reason, ["stream": String(decoding: stream, as: UTF8.self)])
    DeadLetter(source: stream, reason: reason, bytes: []).add(to: &step, keys: term.keys)
  }

  /// Nil where it cannot be told at present: some of what is there has been handed out and some has not, so that nothing
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
}
