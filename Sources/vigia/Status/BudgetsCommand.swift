import ArgumentParser
import Console
import FleetModel
import Insight
import Redis
import Screen
import Wire

/// `vigia budgets`: what agents, roles and the fleet have used today.
struct BudgetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "budgets", abstract: "Print what has been used today, and what will be by the end of the day.",
    discussion: """
      The active handler adds up cost and tokens by the minute if its settings have [[budgets]]. A day begins at midnight \
      in UTC, or in the zone of the settings. What has used the greatest part of its budget comes first.
      """)

  @OptionGroup var redis: RedisOptions
  @Flag(help: "As one JSON document.") var json = false

  func run() throws {
    try FleetQuery.run(try redis.wholeInstallation()) { query in
      query.send({ Request("HGETALL", $0.budgets) }) { agents in
        query.send({ Request("HGETALL", $0.budgetGroups) }) { groups in
          let report = BudgetReport(
            agents: Reply.pairs(of: agents), groups: Reply.pairs(of: groups), at: query.now)
          if report.malformed > 0 {
            query.complain("budgets", "\(report.malformed) stored values could not be read")
          }
          query.show(json ? .json(report.json) : .lines(report.lines))
          query.end()
        }
      }
    }
  }
}

/// What has been used today, by everybody.
struct BudgetReport {
  typealias Pair = (name: [UInt8], value: [UInt8])

  private var rows: [BudgetUse]
  private let bySubject: [BudgetUse.Subject: [BudgetUse]]
  private let now: Instant
  /// Values that nobody can read.
  let malformed: Int

  /// - Parameter groups: fields of all shards; the same field of several is added up.
  init(agents: [Pair], groups: [Pair], at now: Instant) {
    self.now = now
    let ofAgents = agents.compactMap { field, value in
      AgentID(outside: field).map { (BudgetUse.Subject.agent($0), SpendingCoding.decode(value)) }
    }
    let fields = groups.map(\.name).uniqued()
    let spent = Dictionary(grouping: groups, by: \.name).mapValues { $0.map { SpendingCoding.decode($0.value) } }
    let ofGroups = fields.map { field in
      (BudgetUse.Subject(groupField: field), Spending.sum((spent[field] ?? []).compactMap(\.self), at: now))
    }
    malformed =
      agents.count - ofAgents.count { $0.1 != nil } + groups.count - spent.values.joined().count { $0 != nil }
    let read = ofGroups + ofAgents
    rows = read.flatMap { subject, spending in spending.map { BudgetUse.all(of: subject, $0, at: now) } ?? [] }
    bySubject = Dictionary(grouping: rows, by: \.subject)
    rows.sort { left, right in
      let (first, second) = (left.use.share ?? -1, right.use.share ?? -1)
      return first == second
        ? (right.use.used, left.kind, left.name) < (left.use.used, right.kind, right.name) : first > second
    }
  }

  var lines: [String] {
    guard !rows.isEmpty else {
      return ["nothing has been used today, or the handler's settings have no [[budgets]]"]
    }
    let cells = rows.map { row in
      [
        row.kind, row.name.shown, row.unit.rawValue, row.use.used.short, row.use.most?.short ?? "",
        row.use.share.map { BudgetWords.percent($0) } ?? "", row.use.rate.short, row.projected(at: now).short,
      ]
    }
    let ends = rows.map { BudgetWords.midnight($0.day) }.uniqued()
    let end = ends.count == 1 ? ends[0] : "the day's end"
    return TextTable.lines(
      [["", "who", "unit", "used", "of", "share", "an hour", "by \(end)"]] + cells, rightAligned: 3...7)
  }

  var json: JSONValue {
    [
      "at": .string(ISO8601.format(now)),
      "budgets": .array(rows.map { $0.json(at: now) }),
    ]
  }

  /// What touches one agent: its own budgets, its role's and the fleet's.
  func json(of agent: AgentID, role: String) -> JSONValue {
    let subjects = [.agent(agent)] + (role.isEmpty ? [] : [.role(role)]) + [BudgetUse.Subject.fleet]
    return .array(subjects.flatMap { bySubject[$0] ?? [] }.map { $0.json(at: now) })
  }
}

extension BudgetUse {
  fileprivate var kind: String {
    switch subject {
    case .agent: "agent"
    case .role: "role"
    case .fleet: "fleet"
    }
  }

  fileprivate var name: String {
    switch subject {
    case .agent(let id): id.description
    case .role(let name): name
    case .fleet: "all agents"
    }
  }

  fileprivate func json(at now: Instant) -> JSONValue {
    [
      "kind": .string(kind), "name": .string(name), "unit": .string(unit.rawValue),
      "used": .number(use.used), "most": use.most.map { .number($0) },
      "share": use.share.map { .number($0) }, "rate_per_hour": .number(use.rate),
      "projected": .number(projected(at: now)), "day_ends": .string(ISO8601.format(day.end)),
    ]
  }
}
