import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import Wire

/// The real handler with commands whose runtimes are told by Redis: how many a second, how long each takes, and what a long
/// schedule costs.
struct CommandBench {
  let commands: Int
  let report: Report

  private let keys = Keys()

  // MARK: How many a second

  /// Milliseconds between the first command and the acknowledgement of the last, beside the same writes by one sender.
  func measureThroughput(rounds: Int) throws {
    var (rate, cpu, plain) = (Rounds(), Rounds(), Rounds())
    for _ in 0..<rounds {
      plain.add(try writePlainly())
      let (perSecond, microseconds) = try runAll()
      rate.add(perSecond)
      cpu.add(microseconds)
    }
    report.add(
      "handler, commands with intent, outcome and audit", "commands/s", rate,
      beside: [(.init(name: "the same writes by one sender", rounds: plain), .atLeast(10_000))])
    report.add("handler, commands, CPU", "µs/command", cpu)
  }

  private func runAll() throws -> (rate: Double, cpu: Double) {
    let server = try TestServer()
    let handler = try startHandler(server)
    let probe = ProcessProbe(pid: handler.pid)
    let sender = try Sender(server)
    let (start, before) = (MonotonicTime.now, probe.cpuSeconds)
    for number in 0..<commands {
      sender.send(command(number, at: .wallClock), to: keys.commands)
      // The handler reads on meanwhile; what is sent is not to grow without end.
      if number % 2000 == 1999 { try server.wait { sender.isIdle } }
    }
    try server.wait { (try? isDone(server)) ?? false }
    let seconds = MonotonicTime.now.milliseconds(since: start) / 1000
    let cpu = (probe.cpuSeconds - before) / Double(commands) * 1e6
    try check(server)
    return (Double(commands) / seconds, cpu)
  }

  private func command(_ number: Int, at now: Instant) -> Command {
    Command(
      id: CommandID("bench-\(number)"), action: .scale, targets: [AgentID("agent-\(number % 1000)")],
      arguments: ["by": "+1"], operator: "bench@here", reason: "measured", issuedAt: now,
      expiresAt: now + .minutes(10))
  }

  func startHandler(_ server: TestServer, _ id: String = "bench", arguments: [String] = []) throws -> Child {
    let handler = try Programs.startHandler(server.server.port, id: id, arguments: arguments)
    try server.wait { ((try? server.call("EXISTS", keys.lease)) ?? .null) == .integer(1) }
    return handler
  }

  /// Every command has its three lines and its acknowledgement.
  private func isDone(_ server: TestServer) throws -> Bool {
    server.loop.turn(forMilliseconds: 5)
    guard try server.length("agentos:audit") >= 3 * commands else { return false }
    return try server.call("XPENDING", keys.commands, Keys.group).elements?.first?.integer == 0
  }

  /// Nothing lost, nothing twice.
  private func check(_ server: TestServer) throws {
    let lines = try server.length("agentos:audit")
    guard lines == 3 * commands else { throw Mismatch("\(lines) lines of the audit for \(commands) commands") }
    let told = try server.length("agentos:control")
    guard told == commands else { throw Mismatch("\(told) control messages for \(commands) commands") }
    var replicas = 0
    for agent in 0..<min(1000, commands) {
      let reply = try server.call("HGET", keys.agent(AgentID("agent-\(agent)")), "replicas")
      replicas += Int(reply.text ?? "") ?? 0
    }
    guard replicas == commands + min(1000, commands) else { throw Mismatch("\(replicas) replicas in all") }
  }

  /// What the handler writes for a command, as plain requests in a row.
  private func writePlainly() throws -> Double {
    let server = try TestServer()
    let sender = try Sender(server)
    let now = Instant.wallClock
    let start = MonotonicTime.now
    for number in 0..<commands {
      let command = command(number, at: now)
      let bytes = CommandCoding.encode(command)
      sender.send(command, to: keys.commands)
      for _ in 0..<3 { sender.write("XADD", keys.audit, "*", Keys.dataField, bytes) }
      for mark in ["a", "b", "c"] { sender.write("SET", keys.mark("\(command.id)/\(mark)"), bytes, "PX", 172_800_000) }
      sender.write("HSET", keys.agent(command.targets[0]), "state", "running", "replicas", number)
      sender.write("XADD", keys.control, "*", Keys.dataField, bytes)
      sender.write("PUBLISH", "agentos.control.scale", bytes)
      if number % 500 == 499 { try server.wait { sender.isIdle } }
    }
    try server.wait { sender.isIdle }
    return Double(commands) / (MonotonicTime.now.milliseconds(since: start) / 1000)
  }

  // MARK: How long each takes

  /// Milliseconds from a command's sending to its closing line in the hands of a reader, at so many a second.
  func measureLatency(rounds: Int, rate: Int) throws {
    let server = try TestServer()
    let handler = try startHandler(server)
    defer { handler.end() }
    let sender = try Sender(server)
    var (median, tail) = (Rounds(), Rounds())
    var first = 0
    for _ in 0..<rounds {
      let latencies = try latencies(server, sender, first..<first + 2 * rate, rate: rate)
      first += 2 * rate
      median.add(latencies.median)
      tail.add(latencies.quantile(0.99))
    }
    report.add("handler, command to outcome at \(rate)/s, p50", "ms", median)
    report.add("handler, command to outcome at \(rate)/s, p99", "ms", tail, target: .atMost(10))
  }

  func latencies(
    _ server: TestServer, _ sender: Sender, _ numbers: Range<Int>, rate: Int
  ) throws -> Rounds {
    var sentAt: [String: MonotonicTime] = [:]
    var latencies = Rounds()
    let follower = try AuditReader(server, keys.audit) { line in
      guard line.phase == .succeeded, line.target == .none, case .command(let id) = line.origin,
        let sent = sentAt.removeValue(forKey: id.text)
      else { return }
      latencies.add(MonotonicTime.now.milliseconds(since: sent))
    }
    defer { follower.stop() }
    let start = MonotonicTime.now
    var next = numbers.lowerBound
    try server.loop.wait(seconds: 60) {
      let due = Int(MonotonicTime.now.milliseconds(since: start) * Double(rate) / 1000)
      while next < numbers.upperBound, next - numbers.lowerBound < due {
        let command = command(next, at: .wallClock)
        sentAt[command.id.text] = .now
        sender.send(command, to: keys.commands)
        next += 1
      }
      if next < numbers.upperBound { server.loop.turn(atMostMilliseconds: 1) }
      return latencies.values.count == numbers.count
    }
    return latencies
  }

  // MARK: Who takes over

  /// Milliseconds from a leader's end to the standby's lease.
  func measureTakeover(rounds: Int) throws {
    let server = try TestServer()
    var leader = try startHandler(server, "h0")
    var (killed, told) = (Rounds(), Rounds())
    for round in 1...2 * rounds {
      let standby = try Programs.startHandler(server.server.port, id: "h\(round)")
      // It listens, and asks for the lease by and by.
      server.loop.turn(forMilliseconds: 1500)
      let start = MonotonicTime.now
      leader.signal(round % 2 == 0 ? SIGKILL : SIGTERM)
      try server.wait { (try? holder(server)) == "h\(round)" }
      let span = MonotonicTime.now.milliseconds(since: start)
      if round % 2 == 0 { killed.add(span) } else { told.add(span) }
      leader = standby
    }
    report.add("handler, takeover after a kill", "ms", killed, target: .atMost(3000))
    report.add("handler, takeover after SIGTERM", "ms", told, target: .atMost(100))
  }

  private func holder(_ server: TestServer) throws -> String? {
    try server.call("GET", keys.lease).bytes.flatMap { LeaseCoding.decode($0) }?.id
  }

  // MARK: What waits

  /// Per cent of a core that a handler takes with nothing to do, beside one with nothing to come.
  func measureSchedule(jobs: Int, seconds: Int64, rounds: Int) throws {
    let server = try TestServer()
    let handler = try startHandler(server)
    defer { handler.end() }
    let probe = ProcessProbe(pid: handler.pid)
    func idle() -> Double {
      let before = probe.cpuSeconds
      server.loop.turn(forMilliseconds: seconds * 1000)
      return (probe.cpuSeconds - before) / Double(seconds) * 100
    }
    var (none, many) = (Rounds(), Rounds())
    for _ in 0..<rounds { none.add(idle()) }
    let due = (Instant.wallClock + .hours(1)).milliseconds
    let script = """
      for n = 1, tonumber(ARGV[1]) do
        redis.call('ZADD', KEYS[1], ARGV[2] + n, '{"action":"resume","target":"agent-' .. n .. '"}')
      end
      """
    _ = try server.call("EVAL", script, "1", keys.schedule, "\(jobs)", "\(due)")
    for _ in 0..<rounds { many.add(idle()) }
    guard try server.call("ZCARD", keys.schedule).integer == Int64(jobs) else { throw Mismatch("a job ran too early") }
    report.add(
      "handler at rest, \(jobs) open schedules", "% of a core", many,
      beside: [(.init(name: "none", rounds: none), nil)])
  }
}

/// Waits for lines of the audit, and asks for the next as soon as it has some: a pause of its own would be measured too.
private final class AuditReader {
  private let link: Link
  private let key: [UInt8]
  private var last: StreamID
  private let take: (AuditLine) -> Void
  private lazy var assembler = EntryAssembler(.read, streams: [key]) { [unowned self] entry in
    last = entry.id
    if let line = entry.payload.flatMap({ AuditCoding.decode($0) }) { take(line) }
  }

  init(_ server: TestServer, _ key: [UInt8], _ take: @escaping (AuditLine) -> Void) throws {
    self.key = key
    self.take = take
    link = Link(loop: server.loop, endpoint: server.endpoint) { _ in }
    let end = try server.call("XREVRANGE", key, "+", "-", "COUNT", 1).elements?.first?.elements?.first?.bytes
    last = end.flatMap { StreamID($0) } ?? .zero
    link.start()
    try server.wait { link.connection != nil }
    read()
  }

  func stop() { link.stop() }

  private func read() {
    let request = Request("XREAD", "COUNT", 1000, "BLOCK", 5000, "STREAMS", key, last)
    link.connection?.send(request, expecting: .entries(assembler)) { [weak self] result in
      if case .success = result { self?.read() }
    }
    link.connection?.flush()
  }
}

extension CommandBench {
  /// Sends requests on a connection of its own, and counts what is answered.
  final class Sender {
    private let link: Link
    private var owed = 0

    init(_ server: TestServer) throws {
      link = Link(loop: server.loop, endpoint: server.endpoint) { _ in }
      link.start()
      try server.wait { link.connection != nil }
    }

    deinit { link.stop() }

    var isIdle: Bool { owed == 0 }

    func send(_ command: Command, to stream: [UInt8]) {
      write("XADD", stream, "*", Keys.dataField, CommandCoding.encode(command))
    }

    func write(_ arguments: any RequestArgument...) {
      owed += 1
      link.connection?.send(Request(arguments)) { [weak self] _ in self?.owed -= 1 }
      link.connection?.flush()
    }
  }
}
