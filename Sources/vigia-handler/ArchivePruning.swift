import ArgumentParser
import FleetModel
import Glibc
import Handler
import Loop
import Wire

extension ArchiveCommand {
  /// `archive prune`: lets go of whole days.
  struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let go of all days that are older than a span, in all tables; says what goes, and asks.")

    @Option(help: ArgumentHelp("How old a day has to be, such as 90d.", valueName: "SPAN")) var olderThan: String
    @OptionGroup var options: Options
    @Flag(help: "Do not ask.") var yes = false

    func run() throws {
      guard let span = TimeSpan(olderThan), span >= .days(1) else {
        throw ValidationError("--older-than \(olderThan): expected a whole number of days, such as 90d")
      }
      let session = try options.session()
      let queries = ArchiveQueries(session.settings)
      let limit = max(0, WallTime.milliseconds - span.milliseconds)
      let end = ArchiveTable.day(ofMilliseconds: UInt64(limit))
      try ArchiveCommand.attempt { () throws(ArchiveSession.Refusal) in
        var old: [(table: ArchiveTable, day: UInt64)] = []
        for table in ArchiveTable.allCases {
          let days = try session.rows(queries.days(of: table, before: end), as: session.settings.writer)
          for day in days where day.count == 3 {
            guard let number = UInt64(day[0]) else { continue }
            old.append((table, number))
            Swift.print("\(table.rawValue)  \(Self.date(number))  \(day[1]) rows, \(day[2]) bytes")
          }
        }
        guard !old.isEmpty else { return Swift.print("nothing is older than \(olderThan)") }
        try ask(days: old.count)
        for (table, day) in old {
          _ = try session.ask(queries.drop(day: day, of: table), as: session.settings.writer)
        }
        Swift.print("ok: \(old.count) days of tables are gone")
      }
    }

    /// Whether a person says yes; nobody is asked who cannot answer.
    private func ask(days: Int) throws(ArchiveSession.Refusal) {
      guard !yes else { return }
      guard isatty(0) == 1 else { throw ArchiveSession.Refusal(description: "nothing is dropped without --yes") }
      Swift.print("drop them for good? y/N ", terminator: "")
      fflush(nil)
      guard readLine()?.lowercased() == "y" else { throw ArchiveSession.Refusal(description: "nothing is dropped") }
    }

    private static func date(_ day: UInt64) -> Substring {
      ISO8601.format(Instant(milliseconds: Int64(clamping: day) * Int64(ArchiveTable.day))).prefix(10)
    }
  }
}
