import ArgumentParser
import CBaseline
import FleetModel
import Loop
import Redis
import TestSupport
import Wire

/// `vigia-bench handler`: how fast the real handler records channels, and how fast it reads and judges events.
struct HandlerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "handler",
    abstract: "What the handler records, reads and carries out a second, and what waiting costs.")

  /// What there is to measure.
  enum Part: String, CaseIterable, ExpressibleByArgument {
    case recording, reading, flood, decide, retention, commands, outcomes, takeover, rest, scrape
  }

  @Option(help: "Only this part; several times.") var part: [Part] = []
  @Option(help: "How many messages are recorded.") var messages = 200_000
  @Option(help: "How many entries are read.") var entries = 1_000_000
  @Option(help: "How many agents they are of.") var agents = 10_000
  @Option(help: "How many rounds.") var rounds = 3
  @Option(help: "How many commands are carried out.") var commands = 20_000
  @Option(help: "For how many seconds events come where retention is measured.") var seconds = 45
  @Option(help: "How many jobs wait in the schedule.") var jobs = 100_000
  @OptionGroup var report: Report

  func run() throws {
    let bench = CommandBench(commands: commands, report: report)
    for part in part.isEmpty ? Part.allCases : part {
      switch part {
      case .recording: try measureRecording()
      case .reading: try measureReading()
      case .flood: try FloodBench(report: report).measure(rounds: rounds)
      case .decide:
        try DecisionBench(report: report).measure(rounds: rounds)
        try HandoffBench(report: report).measure(rounds: rounds)
      case .retention: try RetentionBench(report: report).measure(rounds: rounds, seconds: seconds)
      case .commands: try bench.measureThroughput(rounds: rounds)
      case .outcomes: try bench.measureLatency(rounds: rounds, rate: min(1000, commands))
      case .takeover: try bench.measureTakeover(rounds: rounds)
      case .scrape: try ScrapeBench(agents: agents, report: report).measure(rounds: rounds, rate: min(1000, commands))
      case .rest: try bench.measureSchedule(jobs: jobs, seconds: 5, rounds: rounds)
      }
    }
  }

  // MARK: Recording

  private func measureRecording() throws {
    var (recorded, cpu, plain) = (Rounds(), Rounds(), Rounds())
    for _ in 0..<rounds {
      plain.add(try writePlainly())
      let (rate, cost) = try record()
      recorded.add(rate)
      cpu.add(cost)
    }
    report.add(
      "handler, recording", "messages/s", recorded,
      beside: [(.init(name: "PUBLISH and XADD by one sender", rounds: plain), .atLeast(150_000))])
    report.add("handler, recording, CPU", "µs/message", cpu)
  }

  private var traffic: Traffic {
    var traffic = Traffic(agents: 1000)
    traffic.destination = .channel
    traffic.length = 264
    return traffic
  }

  /// Publishes as fast as the handler writes, never more than some thousands ahead of it.
  private func record() throws -> (rate: Double, cpu: Double) {
    let server = try TestServer()
    let port = server.server.port
    let handler = try Programs.startHandler(port)
    let probe = ProcessProbe(pid: handler.pid)
    try server.wait {
      let lease = (try? server.call("GET", "agentos:handler"))?.bytes.flatMap { LeaseCoding.decode($0) }
      return lease?.isRecording == true
    }
    let feeder = try Feeder(traffic, port: port)
    let step = 5000
    feeder.prepare(0..<step)
    let markers = try server.length("agentos:events")
    let (start, before) = (MonotonicTime.now, probe.cpuSeconds)
    for sent in stride(from: 0, to: messages, by: step) {
      try feeder.send(first: min(step, messages - sent))
      try wait(server, until: markers + sent - 3 * step)
    }
    try wait(server, until: markers + messages)
    let seconds = MonotonicTime.now.milliseconds(since: start) / 1000
    let cpu = (probe.cpuSeconds - before) / Double(messages) * 1e6
    let count = try recordedCount(server)
    guard count == messages else { throw Mismatch("\(count) of \(messages) messages were recorded") }
    return (Double(messages) / seconds, cpu)
  }

  private func wait(_ server: TestServer, until length: Int) throws {
    try server.wait { ((try? server.length("agentos:events")) ?? 0) >= length }
  }

  /// How many messages stand in the stream, the recorder's markers left out.
  private func recordedCount(_ server: TestServer) throws -> Int {
    // A marker may have taken a message's place in the length that was waited for.
    server.loop.turn(forMilliseconds: 1000)
    var (count, next, isDone) = (0, StreamID.zero, false)
    let assembler = EntryAssembler(.range) { entry in
      next = entry.id.next()
      if entry.channel.elementsEqual("agent.metrics".utf8) { count += 1 }
    }
    let link = Link(loop: server.loop, endpoint: server.endpoint) { _ in }
    link.start()
    defer { link.stop() }
    try server.wait { link.connection != nil }
    while !isDone {
      var hasAnswer = false
      link.connection?.send(
        Request("XRANGE", Keys().events, next, "+", "COUNT", 5000), expecting: .entries(assembler)
      ) { _ in
        hasAnswer = true
        isDone = assembler.count == 0
      }
      link.connection?.flush()
      try server.wait { hasAnswer }
    }
    return count
  }

  /// The same work of the server's, with nobody who listens.
  private func writePlainly() throws -> Double {
    let server = try TestServer()
    var entries = traffic
    entries.destination = .stream(limit: nil)
    let publishing = try Feeder(traffic, port: server.server.port)
    let writing = try Feeder(entries, port: server.server.port)
    publishing.prepare(0..<5000)
    writing.prepare(0..<5000)
    let start = MonotonicTime.now
    for sent in stride(from: 0, to: messages, by: 5000) {
      try publishing.send(first: min(5000, messages - sent))
      try writing.send(first: min(5000, messages - sent))
    }
    return Double(messages) / (MonotonicTime.now.milliseconds(since: start) / 1000)
  }

  // MARK: Reading

  private func measureReading() throws {
    let server = try TestServer()
    let traffic = Traffic(agents: agents).spread(entries, over: .minutes(50))
    try Feeder(traffic, port: server.server.port).publish(0..<entries)
    var (read, cpu, tree) = (Rounds(), Rounds(), Rounds())
    for _ in 0..<rounds {
      var count = 0
      let cost = Cost { count = vigia_baseline_tree(Int32(server.server.port), nil, "agentos:events", 1000) }
      // Each handler has left a marker of its recorder.
      guard count >= entries else { throw Mismatch("\(count) of \(entries) entries are there") }
      tree.add(Double(entries) / cost.seconds)
      let (rate, microseconds) = try follow(server)
      read.add(rate)
      cpu.add(microseconds)
    }
    report.add(
      "handler, reading and judging, empty runbook", "events/s", read,
      beside: [(.init(name: "reply trees of 1000", rounds: tree), .atLeast(1_000_000))])
    report.add("handler, reading and judging, CPU", "µs/event", cpu)
  }

  /// Has a handler begin with the first entry, and times it from its lease until it has saved that it has had the last.
  private func follow(_ server: TestServer) throws -> (rate: Double, cpu: Double) {
    _ = try server.call("DEL", "agentos:handler")
    _ = try server.call("HSET", "agentos:cursor", "agentos:events", "0-0")
    let last = try server.call("XREVRANGE", "agentos:events", "+", "-", "COUNT", 1)
    guard let end = last.elements?.first?.elements?.first?.bytes.flatMap({ StreamID($0) }) else {
      throw Mismatch("the stream is empty")
    }
    let handler = try Programs.startHandler(server.server.port)
    let probe = ProcessProbe(pid: handler.pid)
    try server.wait { !((try? server.call("GET", "agentos:handler"))?.isNull ?? true) }
    let (start, before) = (MonotonicTime.now, probe.cpuSeconds)
    try server.wait {
      server.loop.turn(forMilliseconds: 5)
      return (try? cursor(server)) ?? .zero >= end
    }
    let seconds = MonotonicTime.now.milliseconds(since: start) / 1000
    let cpu = (probe.cpuSeconds - before) / Double(entries) * 1e6
    handler.end()
    return (Double(entries) / seconds, cpu)
  }

  private func cursor(_ server: TestServer) throws -> StreamID? {
    try server.call("HGET", "agentos:cursor", "agentos:events").bytes.flatMap { StreamID($0) }
  }
}
