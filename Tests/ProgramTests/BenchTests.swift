import TestSupport
import TestThreads
import Testing
import Wire

/// Each benchmark in small: what it prints, and that nothing was lost or came twice. How fast is nobody's business here.
@Suite(.serialized, .threaded) struct BenchTests {
  /// Runs it and gives what it measured, by name.
  private func measure(_ arguments: String...) throws -> [String: JSONValue] {
    let result = try Program(arguments + ["--json"], name: "vigia-bench").finish()
    #expect(result.status == 0 && result.errors == "", "\(result)")
    var measured: [String: JSONValue] = [:]
    for line in result.output.split(separator: "\n") {
      let value = try JSONValue.parse(Array(line.utf8))
      let name = try #require(value["name"]?.text)
      #expect(value["unit"]?.text != nil && value["rounds"]?.int ?? 0 > 0, "\(line)")
      let median = try #require(value["median"]?.double)
      let (least, greatest) = (try #require(value["min"]?.double), try #require(value["max"]?.double))
      #expect(least <= median && median <= greatest, "\(line)")
      // `ratio` can be missing where the baseline took no time at all.
      if value["baseline"] != nil { #expect(value["baseline_median"]?.double != nil, "\(line)") }
      if value["target"] != nil, value["ratio"] != nil || value["baseline"] == nil {
        #expect(value["met"]?.bool != nil, "\(line)")
      }
      measured[name] = value
    }
    return measured
  }

  @Test func everyEntryIsReadInEachFormat() throws {
    let measured = try measure("ingest", "--entries", "3000", "--agents", "50", "--rounds", "2")
    let names = ["binary", "envelope", "plain"].flatMap { ["ingest \($0)", "ingest \($0), CPU"] } + ["decode plain"]
    #expect(Set(measured.keys) == Set(names))
    #expect(measured.values.allSatisfy { $0["rounds"]?.int == 2 })
  }

  @Test func everyMessageOfABurstCountsOnce() throws {
    let measured = try measure("pubsub", "--messages", "5000", "--rate", "10000", "--rounds", "1")
    for way in ["feed alone", "feed beside the recorder", "stream that was recorded"] {
      for what in ["lost", "twice"] {
        let value = try #require(measured["pubsub, \(way), \(what)"])
        #expect(value["max"]?.double == 0 && value["met"]?.bool == true, "\(value)")
      }
    }
    #expect(measured.count == 12)
  }

  // The parts `start` and `history` wait for whole fleets: too long for an unoptimised build on a busy machine.
  @Test func eventsAndKeysAreSeenOnTheTerminal() throws {
    let measured = try measure(
      "latency", "--samples", "2", "--rounds", "1", "--rate", "200", "--part", "quiet", "--part", "keys")
    #expect(measured.count == 4)
    #expect(measured.values.allSatisfy { $0["median"]?.double ?? 0 > 0 })
  }

  @Test func framesAndTicksAreDrawn() throws {
    let measured = try measure("frame", "--agents", "100", "--frames", "5", "--rounds", "2", "--warm-up", "30")
    #expect(measured.count == 9)
    #expect(measured["frame 200x60, rows that changed"]?["median"]?.double ?? 0 > 40)
    for size in ["80x24", "200x50"] {
      #expect(measured["tick \(size), a tenth of the agents, sent"]?["median"]?.double ?? 0 > 0)
    }
  }

  @Test func consoleIsWatchedAtRestInAStormAndWithManyAgents() throws {
    let rest = try measure("rest", "--agents", "20", "--seconds", "2")
    #expect(rest.count == 3 && rest.values.allSatisfy { $0["median"]?.double ?? 0 > 0 })
    let load = try measure("load", "--rate", "300", "--agents", "20", "--seconds", "1", "--rounds", "1")
    #expect(load.count == 2)
    let memory = try measure("memory", "--agents", "100", "--entries", "2000", "--seconds", "3", "--rate", "300")
    #expect(memory.count == 3)
    #expect(memory["memory of 100 agents, history read"]?["median"]?.double ?? 0 > 1)
  }

  @Test func everyMessageIsRecordedAndEveryEntryFollowed() throws {
    let measured = try measure(
      "handler", "--messages", "12000", "--entries", "12000", "--agents", "50", "--rounds", "2", "--commands", "300",
      "--part", "recording", "--part", "reading", "--part", "commands", "--part", "outcomes")
    #expect(measured.count == 8 && measured.values.allSatisfy { $0["median"]?.double ?? 0 > 0 })
  }

  @Test func commandsGoOnWhileManyAgentsAreScraped() throws {
    let measured = try measure(
      "handler", "--part", "scrape", "--agents", "500", "--rounds", "1", "--commands", "50")
    #expect(measured.count == 4 && measured.values.allSatisfy { $0["median"]?.double ?? 0 > 0 })
  }

  @Test func streamsAndOtherKeysStayWithinTheirBoundsWhileEventsComeFast() throws {
    let measured = try measure("handler", "--part", "retention", "--rounds", "1", "--seconds", "20")
    #expect(measured.count == 6)
    for (name, value) in measured where name.contains("allowed") {
      #expect(value["median"]?.double ?? 0 > 0 && value["met"]?.bool == true, "\(value)")
    }
  }

  @Test func detectorsAreScoredOnSyntheticSeries() throws {
    let folder = try TemporaryFolder()
    let measured = try measure("detect", folder.path, "--synthetic", "3", "--scores", folder.file("scores"))
    #expect(measured.count == 23)
    #expect(measured["detect standard, shipped"]?["median"]?.double ?? 0 > 30)
    // What it wrote is judged alike.
    let again = try measure("detect", folder.path, "--results", folder.file("scores"))
    let searched = try #require(measured["detect standard, searched"]?["median"]?.double)
    #expect(again["detect standard, searched"]?["median"]?.double == searched)
    #expect(again.count == 12)
  }

  @Test func aFolderWithoutACorpusIsAnError() throws {
    let folder = try TemporaryFolder()
    let result = try Program(["detect", folder.path], name: "vigia-bench").finish()
    #expect(result.status == 1 && result.errors.contains("labels/combined_windows.json"), "\(result)")
  }

  @Test func tuningIsComparedWithFixedSettings() throws {
    let result = try Program(["tuning", "--seeds", "2", "--agents", "8", "--days", "1"], name: "vigia-bench").finish()
    #expect(result.status == 0 && result.errors == "", "\(result)")
    for line in ["roles", "  gained", "  beside declared", "no difference", "adversaries", "  strikes"] {
      #expect(result.output.contains("\(line) "), "\(result.output)")
    }
    #expect(try Program(["tuning", "--agents", "3"], name: "vigia-bench").finish().status == 64)
  }

  @Test(arguments: ["rebalance", "maintenance", "tuning", "truth", "world"])
  func seedsBeyondSixtyFourBitsAreAnError(command: String) throws {
    let last = try Program([command, "--first", "\(UInt64.max)"], name: "vigia-bench").finish()
    #expect(last.status == 64 && last.errors.contains("--first is too large"), "\(last)")
    let negative = try Program([command, "--seeds=-1"], name: "vigia-bench").finish()
    #expect(negative.status == 64 && negative.errors.contains("--seeds is not"), "\(negative)")
  }

  @Test func wrongUsageIsSixtyFour() throws {
    #expect(try Program(["ingest", "--format", "xml"], name: "vigia-bench").finish().status == 64)
  }
}
