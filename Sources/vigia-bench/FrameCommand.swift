import ArgumentParser
import FleetModel
import Screen
import Wire

/// `vigia-bench frame`: what a frame takes of the processor, and of the line to the terminal.
struct FrameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frame", abstract: "CPU time and bytes of the console's frames.")

  @Option(help: "How many agents.") var agents = 1000
  @Option(help: "How many frames, and seconds, a round.") var frames = 120
  @Option(help: "How many seconds of the fleet's life go before, which fill the sparklines.") var warmUp = 600
  @Option(help: "How many rounds.") var rounds = 5
  @OptionGroup var report: Report

  func run() throws {
    try measureFrames()
    try measureTicks(Size(rows: 24, columns: 80), most: 0.4)
    try measureTicks(Size(rows: 50, columns: 200), most: 1)
  }

  // MARK: CPU

  private func measureFrames() throws {
    let stage = try filledStage(Size(rows: 60, columns: 200))
    var (changed, rows, bytes, repainted, same) = (Rounds(), Rounds(), Rounds(), Rounds(), Rounds())
    for _ in 0..<rounds {
      var (cpu, rowCount, start) = (0.0, 0, stage.bytes)
      for _ in 0..<frames {
        try changeAll(stage)
        cpu += try stage.frame()
        rowCount += stage.changedRows
      }
      changed.add(cpu / Double(frames) * 1e3)
      rows.add(Double(rowCount) / Double(frames))
      bytes.add(Double(stage.bytes - start) / Double(frames) / 1024)
      repainted.add(try meanCPU(stage) { stage.forget() } * 1e3)
      start = stage.bytes
      same.add(try meanCPU(stage) {} * 1e6)
      guard stage.bytes == start else { throw Mismatch("an unchanged frame sent \(stage.bytes - start) bytes") }
    }
    report.add("frame 200x60, everything changed", "ms of CPU", changed, target: .atMost(0.7))
    report.add("frame 200x60, rows that changed", "rows", rows)
    report.add("frame 200x60, everything changed, sent", "KB", bytes)
    report.add("frame 200x60, all painted anew", "ms of CPU", repainted, target: .atMost(0.7))
    report.add("frame 200x60, nothing changed", "µs of CPU", same, target: .atMost(5))
  }

  private func meanCPU(_ stage: Stage, before: () -> Void) throws -> Double {
    var cpu = 0.0
    for _ in 0..<frames {
      before()
      cpu += try stage.frame()
    }
    return cpu / Double(frames)
  }

  /// Something new of every agent, an attack and a command: each row that can change does.
  private func changeAll(_ stage: Stage) throws {
    stage.pass(.milliseconds(33))
    let step = Int(stage.now.milliseconds / 33)
    let traffic = Traffic(agents: agents)
    for agent in 0..<agents { try stage.apply(traffic.body(step * agents + agent)) }
    try stage.apply([
      "entity_id": .string(Traffic.agent(step % 50 % agents).bytes), "event_type": "security_alert",
      "data": [
        "alert_type": "brute_force", "risk_level": "high", "suspicious_ips": [.string("203.0.113.\(step % 256)")],
      ],
    ])
    stage.apply(
      AuditLine(
        origin: .command(CommandID("c\(step)")), phase: .succeeded, action: "pause",
        target: Traffic.agent(step % agents),
        operator: "alice@bastion", detail: "step \(step)", handler: "h1", at: stage.now, source: "agentos:commands"))
  }

  /// A fleet with some history.
  private func filledStage(_ size: Size) throws -> Stage {
    let stage = try Stage(rows: size.rows, columns: size.columns)
    let traffic = Traffic(agents: agents)
    for step in 0..<warmUp / 10 {
      stage.pass(.seconds(10))
      for agent in 0..<agents { try stage.apply(traffic.body(step * agents + agent)) }
    }
    _ = try stage.frame()
    return stage
  }

  // MARK: Bytes

  /// A tenth of the agents says something new each second, so that a tenth of the rows changes.
  private func measureTicks(_ size: Size, most kilobytes: Double) throws {
    let stage = try Stage(rows: size.rows, columns: size.columns)
    var (bytes, rows) = (Rounds(), Rounds())
    for second in 0..<warmUp { try tick(stage, second) }
    var second = warmUp
    for _ in 0..<rounds {
      let start = stage.bytes
      var rowCount = 0
      for _ in 0..<frames {
        try tick(stage, second)
        second += 1
        rowCount += stage.changedRows
      }
      bytes.add(Double(stage.bytes - start) / Double(frames) / 1024)
      rows.add(Double(rowCount) / Double(frames))
    }
    let name = "tick \(size.columns)x\(size.rows), a tenth of the agents"
    report.add("\(name), sent", "KB", bytes, target: .atMost(kilobytes))
    report.add("\(name), rows that changed", "rows", rows)
  }

  private func tick(_ stage: Stage, _ second: Int) throws {
    stage.pass(.seconds(1))
    for agent in stride(from: second % 10, to: agents, by: 10) { try stage.apply(steadyBody(agent, second)) }
    _ = try stage.frame()
  }

  /// Metrics that go up and down by one per cent, and are more than that apart from one agent to the next: the order of
  /// rows stays, only what they say changes.
  private func steadyBody(_ agent: Int, _ second: Int) -> JSONValue {
    let part = 1 + Double((second + agent) * 7919 % 201 - 100) / 10_000
    var base = 1.0
    for _ in 0..<min(agent, 300) { base *= 0.97 }
    return [
      "entity_id": .string(Traffic.agent(agent).bytes), "event_type": "metrics",
      "data": [
        "error_rate": .number(0.045 * base * part), "response_time": .number(1800 * part),
        "messages_per_minute": .number(900 * base * part), "queue_size": .number((50 * part).rounded()),
        "avg_rating": .number(5 - 1.5 * base * part),
      ],
    ]
  }
}
