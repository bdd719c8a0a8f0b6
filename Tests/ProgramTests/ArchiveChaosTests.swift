import TestSupport
import TestThreads
import Testing

/// Handlers and ClickHouse are killed in the middle of it: what is archived is what the stream had, each entry once.
@Suite(.threaded, .enabled(if: ClickHouse.isInstalled, Comment(rawValue: ClickHouse.missing)))
struct ArchiveChaosTests {
  private static let entries = 30_000

  @Test func killsOfHandlersAndServerLoseNothingAndDoubleNothing() throws {
    let archive = try ArchivePrograms()
    #expect(try archive.run(["archive", "init"]).status == 0)
    var handler = try archive.startHandler("h0")
    for round in 0..<6 {
      try archive.publish(Self.entries, from: round * Self.entries)
      let before = try archive.counts().archive
      // A batch is on its way; or some of them have just come.
      try archive.server.wait {
        round.isMultiple(of: 2) ? archive.isArchiving : ((try? archive.counts().archive) ?? 0) > before
      }
      if round != 1 { handler.child.end(9) }
      if round != 0 { archive.house.kill() }
      if round != 0 { try archive.house.startAgain(on: archive.server.loop) }
      if round != 1 { handler = try archive.startHandler("h\(round + 1)") }
    }
    defer { handler.child.end() }
    try archive.waitForAll()
    let counts = try archive.counts()
    #expect(counts.archive == counts.stream && counts.stream >= 6 * Self.entries)
    let sums = try archive.ask(
      """
      SELECT count(), uniqExact(ms, seq), sum(metric.value[1]) FROM vigia.event_rows FINAL WHERE type = 'agent.metrics'
      """)
    let all = 6 * Self.entries
    #expect(sums == "\(all)\t\(all)\t\(all / 2 * (all - 1))\n")
    let status = try archive.run(["archive", "status"])
    #expect(!status.output.contains("trimmed") && !status.output.contains("refused"))
  }
}
