import ArgumentParser
import Automation
import FleetModel
import Redis
import Wire

/// `vigia runbook tally`: how often each rule decided what.
struct TallyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tally", abstract: "Print how often each rule acted, was held back, or did not match.",
    discussion: """
      Counted by the handlers of this Redis since rules first ran there, also where the audit says nothing: most events \
      do not match, and a reason to do nothing is told once in a quarter of an hour.
      """)

  @OptionGroup var redis: RedisOptions
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    try FleetQuery.run(try redis.wholeInstallation()) { query in
      query.send({ Request("HGETALL", $0.tally) }) { answers in
        let tally = RuleCounts(Reply.pairs(of: answers))
        query.show(json ? .json(tally.json) : .lines(tally.lines))
        query.end()
      }
    }
  }
}

/// What the handlers have counted: rule → decision → how often.
struct RuleCounts {
  private var counts: [String: [String: Int]] = [:]

  /// - Parameter pairs: `<rule>/<decision>` → count; anything else is left out. What several shards counted is added up.
  init(_ pairs: [(name: [UInt8], value: [UInt8])]) {
    for (name, value) in pairs {
      let parts = String(decoding: name, as: UTF8.self).split(separator: "/", maxSplits: 1).map(String.init)
      guard parts.count == 2, let count = Int(String(decoding: value, as: UTF8.self)) else { continue }
      let former = counts[parts[0]]?[parts[1]] ?? 0
      counts[parts[0], default: [:]][parts[1]] = former.addingReportingOverflow(count).partialValue
    }
  }

  /// Decisions that were ever taken, in their own order.
  private var columns: [String] {
    Decision.Course.names.filter { name in counts.values.contains { $0[name] != nil } }
  }

  /// A table with a row a rule.
  var lines: [String] {
    guard !counts.isEmpty else { return ["no rule has been asked about any event yet"] }
    let head = ["rule"] + columns.map { $0.swapping("_", for: " ") }
    let rows = counts.sorted { $0.key < $1.key }.map { rule, count in
      [rule] + columns.map { count[$0].map(String.init) ?? "-" }
    }
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    return ([head] + rows).map { cells in
      cells.enumerated().map { column, cell in
        let blanks = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + blanks : blanks + cell
      }.joined(separator: "  ")
    }
  }

  /// `{"handoff":{"acted":3,"not_met":17},…}`
  var json: JSONValue {
    let rules = counts.sorted { $0.key < $1.key }.map { rule, count in
      let members = count.sorted { $0.key < $1.key }.map { (Array($0.key.utf8), JSONValue.integer(Int64($0.value))) }
      return (Array(rule.utf8), JSONValue.object(JSONObject(members: members)))
    }
    return .object(JSONObject(members: rules))
  }
}
