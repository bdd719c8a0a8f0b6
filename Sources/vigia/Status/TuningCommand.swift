import ArgumentParser
import Console
import FleetModel
import Redis
import Screen
import Wire

/// `vigia tuning`: what is tried with the parameters of each role.
struct TuningCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tuning", abstract: "Print what is tried with the parameters of each role, and with what evidence.",
    discussion: """
      Agents declare by events what others may set; [tuning] in the handler's settings says which of that is tried. What \
      waits for an answer stands under vigia proposals. In a divided fleet each shard tries with its own part of a role.
      """)

  @OptionGroup var redis: RedisOptions
  @Flag(help: "As one JSON document.") var json = false

  func run() throws {
    try FleetQuery.run(try redis.wholeInstallation()) { query in
      query.send({ Request("HGETALL", $0.tuning) }) { answers in
        let page = TuningPage(answers.map(\.reply.pairs), at: query.now)
        if page.malformed > 0 {
          query.complain("tuning", "\(Format.counted(page.malformed, "stored value")) could not be read")
        }
        query.show(json ? .json(page.json) : .lines(page.table))
        query.end()
      }
    }
  }
}

/// What is tried, as text or JSON.
struct TuningPage {
  private let roles: [(role: String, report: TuningReport)]
  private let now: Instant
  /// How many stored values are none.
  let malformed: Int

  /// - Parameter shards: what each shard has stored.
  init(_ shards: [[(name: [UInt8], value: [UInt8])]], at now: Instant) {
    self.now = now
    let all = shards.joined()
    roles = all.compactMap { field, value in
      TuningCoding.decode(value).map { (String(decoding: field, as: UTF8.self), $0.report) }
    }.sorted { ($0.role, $1.report.at) < ($1.role, $0.report.at) }
    malformed = all.count - roles.count
  }

  var json: JSONValue { ["roles": .array(roles.map { TuningCoding.json($0.report, role: $0.role) })] }

  var table: [String] {
    guard !roles.isEmpty else { return ["no parameters are tuned"] }
    return TextTable.lines([["role", "told", "what"]] + roles.map(cells), rightAligned: 1...1)
  }

  private func cells(_ role: String, _ report: TuningReport) -> [String] {
    let asked = report.question.map { "; proposed: \($0.proposal.text)" } ?? ""
    return [role.shown, Format.age(now - report.at), (report.words + asked).shown]
  }
}
