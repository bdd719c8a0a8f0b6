import Console
import FleetModel
import Glibc
import Loop
import Redis
import Screen
import Wire

/// The built programs, a server of their own and two consoles on terminals: takes a history and compares after each step
/// what the screens, `vigia status --json` and Redis say with the truth.
package final class ProgramWorld {
  private let history: History
  private let folder: String
  private let server: TestServer
  private var handler: Child?
  private var seats: [ProgramSeat?] = [nil, nil]
  /// What the handler has said of each agent's health so far.
  private var handlerScores: [String: Set<String>] = [:]
  private var cutOff: Set<Int> = []
  private var truth = Truth()
  private var runtimes = Runtimes()
  private let keys = Keys()
  private var reportedAt = MonotonicTime.now
  /// How far commands and control messages have been read.
  private var commandsRead = "0-0"
  private var controlRead = "0-0"
  private var waiting: [Command] = []
  private var questions: [(console: Int, question: Question)] = []
  private var taken = 0
  private var current = ""
  private var handlers = 0
  package private(set) var comparisons = 0
  /// Told of each step, if somebody wants to follow.
  package var trace: ((String) -> Void)?

  /// Within this all must agree with the truth.
  private static let patience: Int64 = 15_000
  private static let reportMilliseconds = 2000.0

  package init(_ history: History) throws {
    self.history = history
    var template = Array("/tmp/vigia-truth-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw SystemError("make a folder in", "/tmp") }
    folder = String(cString: made)
    server = try TestServer(persistence: .appendOnly(folder: folder))
    try startHandler()
  }

  deinit {
    seats = []
    handler?.end(SIGKILL)
    server.server.stop()
    _ = try? Child("/bin/rm", ["-rf", folder], environment: [:]).wait()
  }

  /// Takes all steps; throws at the first thing that is said and is not true.
  package func run() throws {
    for step in history.steps {
      taken += 1
      current = step.description
      trace?("\(step)")
      try take(step)
      guard seats.contains(where: { $0 != nil }) else { continue }
      try agree()
    }
  }

  // MARK: Steps

  private func take(_ step: History.Step) throws {
    runtimes.take(step, all: history.agents)
    switch step {
    case .publish(let event): try publish(event)
    case .wait(let seconds):
      let end = MonotonicTime.now.adding(milliseconds: Int64(seconds) * 1000)
      while MonotonicTime.now < end { try turn() }
    case .fail(let fault): fail(fault)
    case .mend(let fault): try mend(fault, empty: false)
    case .mendEmpty: try mend(.redis, empty: true)
    case .open(let number):
      let isCut = !truth.redisIsUp || cutOff.contains(number)
      seats[number] = try ProgramSeat(number, server: server, isCut: isCut)
    case .operate(let number, let operation): try operate(number, operation)
    case .tend(let agent, let tending): try tend(agent, tending)
    case .set, .silence, .speak, .obey, .hold: break
    }
  }

  private func fail(_ fault: History.Fault) {
    switch fault {
    case .redis:
      server.server.stop()
      truth.redisIsUp = false
    case .handler:
      handler?.end(SIGKILL)
      truth.handlerIsAlive = false
    case .link(let number):
      seats[number]?.proxy.refuse()
      cutOff.insert(number)
    }
    for number in seats.indices where !truth.redisIsUp || cutOff.contains(number) {
      guard let seat = seats[number], seat.desk.lostTruth == nil else { continue }
      seat.desk.lostTruth = truth
    }
  }

  private func mend(_ fault: History.Fault, empty: Bool) throws {
    switch fault {
    case .redis:
      if empty {
        _ = try Child("/bin/sh", ["-c", "rm -rf \(folder)/*"], environment: ["PATH": "/bin:/usr/bin"]).wait()
        truth.forget()
        (commandsRead, controlRead, waiting) = ("0-0", "0-0", [])
      }
      try server.restart()
      truth.redisIsUp = true
      truth.deafUntil = try now()
    case .handler:
      try startHandler()
      truth.handlerIsAlive = true
    case .link(let number):
      try seats[number]?.proxy.allow()
      cutOff.remove(number)
    }
    for number in seats.indices where truth.redisIsUp && !cutOff.contains(number) {
      // One that was opened without a server was cut off by that.
      try seats[number]?.proxy.allow()
      seats[number]?.desk.lostTruth = nil
    }
  }

  /// Adds what the handler says at present; a console may still show what it said before.
  private func heardScores() throws -> [String: Set<String>] {
    guard truth.redisIsUp else { return handlerScores }
    for (agent, value) in try server.call("HGETALL", keys.insight).pairs {
      guard let health = InsightCoding.decode(value)?.health else { continue }
      handlerScores[String(decoding: agent, as: UTF8.self), default: []].insert(TruthCheck.text(health, "health_score"))
    }
    return handlerScores
  }

  private func startHandler() throws {
    handlers += 1
    guard case .tcp(let host, let port) = server.endpoint.address else { return }
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(null) }
    handler = try Child(
      BuildFolder.path + "/vigia-handler",
      ["--id", "h\(handlers)", "--redis", "redis://\(host):\(port)", "--runbook", "/dev/null"],
      environment: [:], output: null, error: null)
  }

  // MARK: Time

  private func now() throws -> Instant {
    let time = try server.call("TIME").elements ?? []
    let parts = time.compactMap(\.integer)
    guard parts.count == 2 else { return truth.now }
    return Instant(milliseconds: parts[0] * 1000 + parts[1] / 1000)
  }

  private func publish(_ event: PublishedEvent) throws {
    guard truth.redisIsUp else { return }
    truth.pass(to: try now())
    _ = try server.call("XADD", keys.events, "*", Keys.dataField, event.json)
    truth.hear(event)
  }

  /// Lets a moment pass: agents report, and do what they are told.
  private func turn() throws {
    server.loop.turn(atMostMilliseconds: 50)
    guard truth.redisIsUp else {
      truth.pass(to: truth.now + .milliseconds(50))
      return
    }
    truth.pass(to: try now())
    if MonotonicTime.now.milliseconds(since: reportedAt) >= Self.reportMilliseconds {
      reportedAt = .now
      for event in runtimes.due { try publish(event) }
    }
    try readCommands()
    try obey()
  }

  private func entries(_ key: [UInt8], after last: inout String) throws -> [[UInt8]] {
    let reply = try server.call("XRANGE", key, "(\(last)", "+")
    return (reply.elements ?? []).compactMap { entry in
      guard let id = entry.elements?.first?.text else { return nil }
      last = id
      return entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
    }
  }

  /// Takes in what operators have sent, and predicts what becomes of it.
  private func readCommands() throws {
    for bytes in try entries(keys.commands, after: &commandsRead) {
      guard let command = try? bytes.withUnsafeBytes({ try CommandCoding.decode($0) }),
        truth.commands[command.id.text] == nil
      else { continue }
      let names = command.targets.map(\.description)
      truth.commands[command.id.text] = (
        command,
        ["sent", "received", "started", "succeeded", "obeyed", "rejected", "failed", "expired", "unconfirmed"]
      )
      if let (console, question) = questions.popLast(), let fault = seats[console]?.desk.fault(of: names, question) {
        throw disagreement(console, "\(command.action.rawValue) \(fault)", [])
      }
    }
  }

  /// Sends a command as a tool elsewhere does.
  private func tend(_ agent: String, _ tending: History.Tending) throws {
    guard truth.redisIsUp, truth.handlerIsAlive, let key = truth.tended(agent, tending) else { return }
    let (action, arguments): (Action, [String: String]) =
      switch tending {
      case .acknowledge: (.acknowledge, ["alert": "\(key.kind)/\(agent)"])
      case .silence: (.silence, ["alert": "\(key.kind)/\(agent)", "for": "10m"])
      case .close: (.close, ["alert": "\(key.kind)/\(agent)"])
      case .escalate: (.escalate, ["to": "team", "severity": "high"])
      }
    truth.pass(to: try now())
    let command = Command(
      id: CommandID("tend-\(taken)"), action: action, targets: tending == .escalate ? [AgentID(agent)] : [],
      arguments: arguments, operator: "somebody", issuedAt: truth.now, expiresAt: truth.now + .minutes(1))
    truth.commands[command.id.text] = (command, ["succeeded"])
    _ = try server.call("XADD", keys.commands, "*", Keys.dataField, CommandCoding.encode(command))
    truth.tend(key, tending)
  }

  /// Runtimes read what they are told.
  private func obey() throws {
    for bytes in try entries(keys.control, after: &controlRead) {
      guard let json = try? JSONValue.parse(bytes), let agent = json["entity_id"]?.text,
        let type = json["event_type"]?.text
      else { continue }
      let command = json["data"]?["command_id"]?.text
      let pauses = type == "control.pause"
      truth.record(pauses ? "paused" : "running", of: agent, until: pauses ? truth.now + .minutes(15) : nil)
      guard let word = runtimes.tell(agent, pause: pauses, command: command) else { continue }
      try publish(word)
      if let command { truth.commands[command]?.phases = ["obeyed"] }
    }
  }

  // MARK: Operators

  private func operate(_ number: Int, _ operation: History.Operation) throws {
    guard let seat = seats[number] else { return }
    // Without a link nothing is asked here: in memory it is.
    if seat.desk.lostTruth != nil { if case .act = operation { return } else if case .actHere = operation { return } }
    let question = try seat.desk.operate(operation, truth) {
      server.loop.turn(atMostMilliseconds: 50)
      return try seat.look()
    } press: { key in
      try seat.press(key)
      // A question is answered only once it has been seen.
      for _ in 0..<3 { server.loop.turn(atMostMilliseconds: 30) }
    }
    if let question { questions.append((number, question)) }
  }

  // MARK: Comparing

  /// Waits until all agree with the truth; throws what does not in the end.
  private func agree() throws {
    let deadline = MonotonicTime.now.adding(milliseconds: Self.patience)
    while true {
      try turn()
      do {
        try compare()
        return
      } catch let difference as Disagreement {
        guard MonotonicTime.now < deadline else { throw difference }
      }
    }
  }

  private func compare() throws {
    for number in seats.indices {
      guard let seat = seats[number] else { continue }
      let reading = try seat.look()
      var check = seat.desk.check(reading, truth)
      check.handlerScores = try heardScores()
      if let difference = check.differences().first {
        throw disagreement(number, difference, reading.lines)
      }
    }
    guard truth.redisIsUp else { return }
    if truth.handlerIsAlive, let difference = try StoredCheck(server, keys, truth).difference() {
      throw disagreement(-1, difference, [])
    }
    if let difference = try StatusCheck(server, truth).difference() { throw disagreement(-1, difference, []) }
    comparisons += seats.count { $0 != nil }
  }

  private func disagreement(_ console: Int, _ what: String, _ screen: [String]) -> Disagreement {
    Disagreement(seed: history.seed, steps: taken, step: current, console: console, what: what, screen: screen)
  }
}
