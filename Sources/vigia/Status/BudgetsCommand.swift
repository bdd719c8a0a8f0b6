import ArgumentParser
import Console
import FleetModel
import Insight
import Redis
import Wire

/// `vigia budgets`: what agents, roles and the fleet have used today.
struct BudgetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "budgets", abstract: "Print what has been used today, and what will be by the end of the day.",
    discussion: """
      The active handler adds up cost and tokens by the minute if its settings have [[budgets]]. A day begins at midnight \
      in UTC. What has used the greatest part of its budget comes first.
      """)

  @OptionGroup var redis: RedisOptions
  @Flag(help: "As one JSON document.") var json = false

  func validate() throws { _ = try redis.endpoint() }

  func run() throws {
    try RedisQuery.run(try redis.endpoint()) { query in
      query.send(Request("HGETALL", query.keys.budgets)) { agents in
        query.send(Request("HGETALL", query.keys.budgetGroups)) { groups in
          let report = BudgetReport(agents: agents.pairs, groups: groups.pairs, at: query.now)
          if report.malformed > 0 {
            query.complain("budgets", "\(report.malformed) stored values could not be read")
          }
          if json { Output.json(report.json) } else { report.lines.forEach { Output.line($0.shown) } }
          query.end()
        }
      }
    }
  }
}

/// What has been used today, by everybody.
struct BudgetReport {
  private struct Row {
    var kind: String
    var name: String
    var unit: Budget.Unit
    var use: Spending.Use

    var share: Double? { use.most.map { $0 > 0 ? use.used / $0 : 0 } }
  }

  private var rows: [Row] = []
  private let now: Instant
  /// Values that nobody can read.
  private(set) var malformed = 0

  init(
    agents: [(name: [UInt8], value: [UInt8])], groups: [(name: [UInt8], value: [UInt8])], at now: Instant
  ) {
    self.now = now
    for (field, value) in groups {
      let text = String(decoding: field, as: UTF8.self)
      let isRole = text.hasPrefix("role/")
      add(isRole ? "role" : "fleet", isRole ? String(text.dropFirst(5)) : "all agents", value)
    }
    for (field, value) in agents { add("agent", String(decoding: field, as: UTF8.self), value) }
    rows.sort { left, right in
      let (first, second) = (left.share ?? -1, right.share ?? -1)
      return first == second
        ? (right.use.used, left.kind, left.name) < (left.use.used, right.kind, right.name) : first > second
    }
  }

  private mutating func add(_ kind: String, _ name: String, _ value: [UInt8]) {
    guard let spending = SpendingCoding.decode(value) else {
      malformed += 1
      return
    }
    guard spending.day == Spending.day(of: now) else { return }
    for unit in Budget.Unit.allCases where spending[unit].used > 0 {
      rows.append(Row(kind: kind, name: name, unit: unit, use: spending[unit]))
    }
  }

  var lines: [String] {
    guard !rows.isEmpty else {
      return ["nothing has been used today, or the handler's settings have no [[budgets]]"]
    }
    let cells = rows.map { row in
      [
        row.kind, row.name.shown, row.unit.rawValue, row.use.used.plain, row.use.most?.plain ?? "",
        row.share.map { "\(Int((min($0, 1e6) * 100).rounded(.down)))%" } ?? "", row.use.rate.plain,
        row.use.projected(at: now).plain,
      ]
    }
    return TextTable.lines(
      [["", "who", "unit", "used", "of", "share", "an hour", "by midnight"]] + cells, rightAligned: 3...7)
  }

  var json: JSONValue {
    [
      "at": .string(ISO8601.format(now)),
      "budgets": .array(
        rows.map { row in
          [
            "kind": .string(row.kind), "name": .string(row.name), "unit": .string(row.unit.rawValue),
            "used": .number(row.use.used), "most": row.use.most.map { .number($0) },
            "share": row.share.map { .number($0) }, "rate_per_hour": .number(row.use.rate),
            "projected": .number(row.use.projected(at: now)),
          ]
        }),
    ]
  }
}
