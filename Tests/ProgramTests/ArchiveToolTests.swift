import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import vigia

/// `vigia archive` and `vigia history` with a real ClickHouse.
@Suite(.threaded, .enabled(if: ClickHouse.isInstalled, Comment(rawValue: ClickHouse.missing)))
struct ArchiveToolTests {
  private let archive: ArchivePrograms

  init() throws { archive = try ArchivePrograms() }

  /// The commands of the manual's chapter, in its order.
  private static func commands() throws -> [[String]] {
    let chapter = try Repository.text(of: "Sources/vigia/Manual/around.md")
    let section = try #require(chapter.components(after: "## A ClickHouse in five minutes").first)
    let steps = try #require(
      section.components(after: "| key of").first.map { section.prefix(section.utf8.count - $0.utf8.count) })
    return steps.split(separator: "\n").compactMap { line -> [String]? in
      let line = line.drop { $0 == " " }
      guard line.hasPrefix("vigia archive ") else { return nil }
      let parts = line.split(separator: "'", maxSplits: 1)
      return parts[0].split(separator: " ").dropFirst().map(String.init)
        + parts.dropFirst().map { String($0.dropLast()) }
    }
  }

  @Test func commandsOfTheManualLeadToAnArchive() throws {
    let commands = try Self.commands()
    #expect(commands.map { $0[1] } == ["init", "status", "query"])
    #expect(try archive.run(commands[0]) == Program.Result(0, "ok: database vigia has its tables and views\n"))
    #expect(try archive.run(commands[0]).status == 0, "what is there stays")
    let before = try archive.run(commands[1])
    #expect(before.status == 0 && before.output.contains("no rows yet\n  no handler has archived any yet"))
    let handler = try archive.startHandler("h1")
    defer { handler.child.end() }
    try archive.publish(30)
    try archive.waitForAll()
    let after = try archive.run(commands[1])
    #expect(after.status == 0 && after.output.contains("events  ") && after.output.contains("all is archived"))
    #expect(try archive.run(commands[2]).output.contains("agent.metrics\t30\n"))
  }

  @Test func queriesChangeNothingAndSaySoPlainly() throws {
    _ = try archive.run(["archive", "init"])
    let drop = try archive.run(["archive", "query", "DROP TABLE event_rows"])
    #expect(drop.status == 1 && drop.errors.contains("readonly") && drop.errors.hasPrefix("vigia: archive: HTTP"))
    let json = try archive.run(["archive", "query", "--json", "SELECT 1 AS one, 'a\\x1b[2J' AS text"])
    #expect(json.output == "{\"one\":1,\"text\":\"a\\u001B[2J\"}\n")
    let none = try Program.run("archive", "query", "SELECT 1")
    #expect(none.status == 64 && none.errors.contains("which archive?"))
    #expect(!drop.errors.contains(ClickHouse.reader.password))
  }

  /// Also if the one who reads may write: every statement says that it reads.
  @Test func writersOwnQueriesChangeNothingEither() throws {
    _ = try archive.run(["archive", "init"])
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "[archive]\nurl = '\(archive.house.url)'\nuser = 'writer'\npassword_env = 'WRITE'\n", to: "one.toml")
    let drop = try archive.run(["archive", "query", "--config", file, "DROP TABLE event_rows"])
    #expect(drop.status == 1 && drop.errors.contains("readonly"))
    #expect(try archive.ask("SELECT count() FROM vigia.event_rows") == "0\n")
  }

  @Test func statementsCanBePrintedAndRunByHand() throws {
    let printed = try archive.run(["archive", "init", "--print"])
    #expect(printed.status == 0 && printed.output.contains("non_replicated_deduplication_window"))
    #expect(try archive.ask("SHOW DATABASES").contains("vigia") == false)
  }

  @Test func oldDaysGoOnlyIfSomebodySaysYes() throws {
    _ = try archive.run(["archive", "init"])
    for (stream, ms) in [("s", 86_400_000), ("s", 2 * 86_400_000), ("s", 4_000_000_000_000)] {
      _ = try archive.ask("INSERT INTO vigia.event_rows (stream, ms) VALUES ('\(stream)', \(ms))")
    }
    let asked = try archive.run(["archive", "prune", "--older-than", "90d"])
    #expect(asked.status == 1 && asked.output.contains("events  1970-01-02  1 rows"))
    #expect(asked.errors.contains("nothing is dropped without --yes"))
    #expect(try archive.ask("SELECT count() FROM vigia.events") == "3\n")
    let done = try archive.run(["archive", "prune", "--older-than", "90d", "--yes"])
    #expect(done.status == 0 && done.output.hasSuffix("ok: 2 days of tables are gone\n"))
    #expect(try archive.ask("SELECT ms FROM vigia.events") == "4000000000000\n")
    #expect(try archive.run(["archive", "prune", "--older-than", "90d"]).output == "nothing is older than 90d\n")
    #expect(try archive.run(["archive", "prune", "--older-than", "1h"]).status == 64)
  }

  @Test func historyOfAWeekIsReadFromTheArchive() throws {
    _ = try archive.run(["archive", "init"])
    let parts = try archive.server.call("TIME").elements ?? []
    let start = (parts[0].integer ?? 0) * 1000 - TimeSpan.days(3).milliseconds
    // An event a minute, of five agents in turn.
    try archive.publish(300, id: "\(start)")
    let handler = try archive.startHandler("h1")
    defer { handler.child.end() }
    try archive.waitForAll()
    let history = try archive.run(["history", "a-2", "--since", "7d", "--json"])
    #expect(history.status == 0, "\(history.errors)")
    let json = try JSONValue.parse(Array(history.output.utf8))
    let metric = try #require(json["metrics"]?.list?.first)
    #expect(metric["metric"] == "queue_size" && json["metrics"]?.list?.count == 1)
    let rollups = metric["rollups"]?.list ?? []
    #expect(rollups.reduce(0) { $0 + ($1["count"]?.int ?? 0) } == 60)
    #expect(rollups.first?["min"]?.int == 2 && rollups.last?["max"]?.int == 297)
    #expect(rollups.allSatisfy { $0["seconds"]?.int == 21 * 60 })
    let other = try archive.run(["history", "a'-2", "--since", "7d"])
    #expect(other.status == 1 && other.errors.contains("a'-2"))
    let chart = try archive.run(["history", "a-2", "--since", "7d", "--ascii"])
    #expect(chart.status == 0 && chart.output.contains("queue_size  last 2"))
  }

  @Test func archiveThatIsAwayIsSaidAndLeavesTheShellItsStatus() throws {
    archive.house.kill()
    let query = try archive.run(["archive", "query", "SELECT 1"])
    #expect(query.status == 1 && query.errors.contains("vigia: archive: POST http://127.0.0.1"))
    let history = try archive.run(["history", "a-1", "--since", "7d"])
    #expect(history.status == 1 && history.errors.contains("the archive: it cannot be read"))
  }
}
