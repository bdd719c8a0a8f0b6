import Glibc
import Loop
import TestSupport
import TestThreads
import Testing
import Wire

@Suite(.threaded) struct DemoTests {
  /// A row that says obeyed beside words that nobody listens: one of them is not true.
  @Test func firstFramesDoNotSayThatNobodyListensBesideWhatWasObeyed() throws {
    let console = try TmuxConsole("demo --seed 5", on: nil, columns: 130, rows: 40)
    try console.wait { screen in
      let isObeyed = screen.contains { $0.contains("✓ obeyed") }
      let isAlone = screen.contains { $0.contains("nobody listens") || $0.contains("NO HANDLER") }
      #expect(!(isObeyed && isAlone), "\(screen.joined(separator: "\n"))")
      return isObeyed && screen.contains { $0.contains("alive") }
    }
    try console.press("q")
    try console.wait(for: "ended with 0")
  }

  @Test(.enabled(if: Prometheus.isInstalled, "\(Prometheus.missing)"))
  func prometheusOfTheDemoScrapesItsHandler() throws {
    let loop = try Loop()
    let program = try Program(["demo", "--headless", "--for", "10m", "--seed", "5", "--with", "prometheus"])
    let mark = "vigia: Prometheus: http://127.0.0.1:"
    try loop.wait { program.errorsSoFar.contains("vigia: the metrics: http://127.0.0.1:") }
    let digits = program.errorsSoFar.components(after: mark).first?.prefix { $0.isNumber } ?? ""
    let port = try #require(UInt16(digits))
    func ask(_ path: String) -> String { (try? Prometheus.ask(path, port: port, on: loop)) ?? "" }
    try loop.wait { ask("query?query=count(vigia_agent_error_ratio%7Bjob%3D%22vigia%22%7D)").contains("\"12\"]") }
    try loop.wait { ask("rules").contains("\"name\":\"VigiaNoLeader\"") }
    program.child.signal(SIGINT)
    #expect(program.finish().status == 1)
    #expect((try? RawClient(port: port)) == nil, "it ends with the demo")
  }

  /// The handler reads its settings from a file that has no name.
  @Test func demoOfRollbackHasAHandlerAsAnyOther() throws {
    let result = try Program.run("demo", "--headless", "--for", "8s", "--seed", "5", "--scenario", "rollback")
    #expect(result.status == 0 && result.errors == "")
    let report = try JSONValue.parse(Array(result.output.utf8))
    #expect(report["commands"]?["succeeded"] == 20)
    #expect(report["agents"]?.int ?? 0 >= 24)
  }

  /// Each command comes to its end, and each event counts once, whichever shard its agent is of.
  @Test func demoOverShardsIsADemoLikeAnyOther() throws {
    let result = try Program.run("demo", "--headless", "--for", "8s", "--seed", "5", "--shards", "3")
    #expect(result.status == 0 && result.errors == "")
    let report = try JSONValue.parse(Array(result.output.utf8))
    #expect(report["commands"]?["sent"] == 20 && report["commands"]?["succeeded"] == 20)
    let published = try #require(report["events"]?["published"]?.int)
    #expect(published > 0 && report["events"]?["received"]?.int == published)
    #expect(report["events"]?["unreadable"] == 0)
  }

  /// Who looks on for a minute sees what is done, by whom, and why.
  @Test func maintenanceOfTheDemoIsShownStepByStep() throws {
    let console = try TmuxConsole("demo --scenario maintenance --seed 5", on: nil, columns: 200, rows: 50)
    try console.wait { screen in
      func shows(_ step: String) -> Bool { screen.contains { $0.contains(step) && $0.contains("maintenance/billing") } }
      return shows("maintenance ") && shows("activate the backup of ") && shows("drain ") && shows("restart ")
    }
    try console.press("q")
    try console.wait(for: "ended with 0")
    let few = try Program.run("demo", "--scenario", "maintenance", "--agents", "7")
    #expect(few.status == 64 && few.errors.contains("--scenario maintenance needs 12 agents at least"))
  }

  @Test func tuningOfTheDemoIsShownWithItsEvidence() throws {
    let console = try TmuxConsole("demo --scenario tuning --seed 5", on: nil, columns: 240, rows: 50)
    try console.wait { screen in screen.contains { $0.contains("tune ") && $0.contains("timeout_s") } }
    try console.wait { screen in screen.contains { $0.contains("timeout_s") && $0.contains(" is better: error_rate ") }
    }
    try console.press("q")
    try console.wait(for: "ended with 0")
  }

  /// Who looks on for a minute sees which agent takes less, and why.
  @Test func rebalanceOfTheDemoShowsWhoTakesLessAndWhy() throws {
    let console = try TmuxConsole("demo --scenario rebalance --seed 5", on: nil, columns: 240, rows: 50)
    try console.wait { screen in
      screen.contains { row in
        row.contains("tune Atendimento São Paulo, vigia (load)") && row.contains(" share 0.")
          && row.contains(" instead of 1: ")
      }
    }
    try console.press("q")
    try console.wait(for: "ended with 0")
  }

  @Test func everyCommandSucceedsAndEveryEventArrives() throws {
    let result = try Program.run("demo", "--headless", "--for", "8s", "--seed", "5")
    #expect(result.status == 0)
    #expect(result.errors == "")
    let report = try JSONValue.parse(Array(result.output.utf8))
    #expect(report["commands"] == ["sent": 20, "succeeded": 20, "obeyed": 20])
    #expect(report["events"]?["unreadable"] == 0)
    #expect(report["events"]?["published"] == report["events"]?["decoded"])
    #expect(report["events"]?["published"]?.int ?? 0 > 100)
    // A later part of the story brings one more: a slow machine gets that far.
    #expect(report["agents"]?.int ?? 0 >= 12)
    // Every agent that came was given its thresholds, once.
    #expect(report["rules"]?["agent-created"]?["acted"]?.int ?? 0 >= 12)
    #expect(report["latency_ms"]?["p99"]?.double ?? 1000 < 500)
  }
}
