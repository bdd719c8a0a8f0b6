import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import Wire

/// What scrapes of many agents' metrics cost commands: how long these take beside without any, in one run.
struct ScrapeBench {
  let agents: Int
  let report: Report

  func measure(rounds: Int, rate: Int) throws {
    let server = try TestServer()
    try Feeder(Traffic(agents: agents), port: server.server.port).publish(0..<agents)
    let port = PrivateServer.freePort()
    let bench = CommandBench(commands: 0, report: report)
    let handler = try bench.startHandler(
      server, arguments: ["--metrics", "127.0.0.1:\(port)", "--metrics-agents", "\(agents)"])
    defer { handler.end() }
    try waitForAgents(port, server.loop)
    let sender = try CommandBench.Sender(server)
    var (median, tail) = (Pair(), Pair())
    var first = 0
    for round in 0..<2 * rounds {
      let isScraped = round % 2 == 1
      let scraper = isScraped ? try startScraper(port) : nil
      // The first commands of a pause meet a processor that sleeps.
      for isCounted in [false, true] {
        let count = isCounted ? 2 * rate : rate / 4
        let latencies = try bench.latencies(server, sender, first..<first + count, rate: rate)
        first += count
        guard isCounted else { continue }
        median.add(latencies.median, isScraped)
        tail.add(latencies.quantile(0.99), isScraped)
      }
      scraper?.end(SIGKILL)
    }
    let name = "handler, command to outcome at \(rate)/s, \(agents) agents scraped twice a second"
    report.add("\(name), p50", "ms", median.scraped, beside: [(.init(name: "not scraped", rounds: median.alone), nil)])
    report.add(
      "\(name), p99", "ms", tail.scraped,
      beside: [(.init(name: "not scraped", rounds: tail.alone), .ratioAtMost(1.2))])
    try reportPage(port, server.loop, rounds: rounds)
  }

  private struct Pair {
    var (scraped, alone) = (Rounds(), Rounds())

    mutating func add(_ value: Double, _ isScraped: Bool) {
      if isScraped { scraped.add(value) } else { alone.add(value) }
    }
  }

  private func startScraper(_ port: UInt16) throws -> Child {
    try Child(Programs.own, ["scrape", "--port", "\(port)"], environment: [:])
  }

  private func page(_ port: UInt16, _ loop: Loop) throws -> RawClient {
    try RawClient.get("/metrics", port: port, on: loop)
  }

  private func waitForAgents(_ port: UInt16, _ loop: Loop) throws {
    try loop.wait {
      (try? page(port, loop))?.text.contains("\nvigia_agents{state=\"running\"} \(agents)\n") == true
    }
  }

  /// How long a page takes, and how long it is.
  private func reportPage(_ port: UInt16, _ loop: Loop, rounds: Int) throws {
    var (spans, sizes) = (Rounds(), Rounds())
    for _ in 0..<rounds {
      let start = MonotonicTime.now
      let page = try page(port, loop)
      spans.add(MonotonicTime.now.milliseconds(since: start))
      sizes.add(Double(page.body.count) / 1_000_000)
    }
    report.add("handler, a page of \(agents) agents", "ms", spans)
    report.add("handler, a page of \(agents) agents, size", "MB", sizes)
  }
}
