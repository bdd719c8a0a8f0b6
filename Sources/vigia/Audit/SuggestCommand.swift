import ArgumentParser
import Automation
import FleetModel
import Redis
import Wire

/// `vigia runbook suggest`: what most operators did when alerts opened, as rules to be looked at.
struct SuggestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suggest", abstract: "Print rules that would propose what most operators did when alerts opened.",
    discussion: """
      Learnt from the audit, which tells how alerts begin and end only if the handler's settings say so: learn = true \
      under [insight]. Each rule stands under its history. Nothing acts on what is printed: look at it, change it, and \
      put it into your runbook. Its rules only propose.
      """)

  @OptionGroup var redis: RedisOptions
  @Option(help: "How far back to begin, such as 12h or 30d.") var since = TimeSpan.days(7)

  func run() throws {
    try FleetQuery.run(try redis.wholeInstallation()) { query in
      AuditReading(query, since: since, report: SuggestionReport(span: since, now: query.now)).start()
    }
  }
}

/// Learns from lines of the audit, and prints what is worth a suggestion as TOML: all else is a comment in it.
struct SuggestionReport: AuditReader {
  private let span: TimeSpan
  private let now: Instant
  private var history = OperatorHistory()
  private var beginning: Instant?
  private var unreadable = 0

  /// - Parameter now: the server's time.
  init(span: TimeSpan, now: Instant) { (self.span, self.now) = (span, now) }

  mutating func beginsLate(at instant: Instant) { beginning = instant }

  mutating func take(_ found: Result<AuditLine, Unreadable>, _ id: StreamID) {
    switch found {
    case .success(let line): history.apply(line)
    case .failure: unreadable += 1
    }
  }

  func finish() -> String? {
    for line in lines { Output.line(line.shown) }
    return unreadable == 0 ? nil : "\(unreadable == 1 ? "1 entry" : "\(unreadable) entries") could not be read"
  }

  /// The text of a runbook.
  var lines: [String] {
    let suggestions = history.suggestions(at: now)
    let late = beginning.map { ["# The audit begins at \(ISO8601.format($0)): what is older was trimmed."] } ?? []
    let head = ["# What operators did when alerts opened, in the last \(span)."] + late
    guard !suggestions.isEmpty else { return head + [nothing] }
    return head + suggestions.flatMap { [""] + SuggestedRule.lines($0) }
  }

  private var nothing: String {
    history.isEmpty
      ? "# The audit tells of no alert: set learn = true under [insight] in the handler's settings."
      : "# No suggestion: for each kind of alert it takes \(OperatorHistory.leastCases) cases, and one action that most took."
  }
}
