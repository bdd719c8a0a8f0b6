import Console
import FleetModel
import Screen

/// A fleet, what Redis holds of it, a handler and two consoles, all in memory: takes a history and compares after each
/// step what the screens show with the truth.
package struct MemoryWorld {
  private let history: History
  private let size: Size
  private var truth = Truth()
  private var store = MemoryStore()
  private var runtimes = Runtimes()
  private var handler = MemoryHandler()
  private var consoles: [MemoryConsole?] = [nil, nil]
  private var cutOff: Set<Int> = []
  private var lastCommand = 0
  private var taken = 0
  private var current = ""
  /// How many screens have been compared.
  package private(set) var comparisons = 0
  /// Told of differences, if the history is to go on after one.
  package var onDifference: ((Disagreement) -> Void)?
  /// Told of each step, if somebody wants to follow.
  package var trace: ((String) -> Void)?

  /// Seconds after which rows have come to rest.
  private static let settling = 6

  package init(_ history: History, size: Size = Size(rows: 34, columns: 150)) {
    (self.history, self.size) = (history, size)
    truth.pass(to: .start)
  }

  /// Takes all steps; throws at the first thing that a screen says and is not true.
  package mutating func run() throws {
    for step in history.steps {
      taken += 1
      current = step.description
      trace?("\(truth.now.milliseconds / 1000 - Instant.start.milliseconds / 1000) s: \(step)")
      try take(step)
      guard consoles.contains(where: { $0 != nil }) else { continue }
      try pass(seconds: Self.settling)
      // Rows come to rest a moment after the last report.
      while truth.now.milliseconds / 1000 % Runtimes.interval < 4 { try pass(seconds: 1) }
      try compare()
    }
  }

  // MARK: Steps

  private mutating func take(_ step: History.Step) throws {
    runtimes.take(step, all: history.agents)
    switch step {
    case .publish(let event): publish(event)
    case .wait(let seconds): try pass(seconds: max(0, seconds - Self.settling))
    case .fail(let fault): fail(fault)
    case .mend(let fault): try mend(fault)
    case .mendEmpty:
      store.empty()
      handler.forget()
      truth.forget()
      try mend(.redis)
    case .open(let number):
      consoles[number] = MemoryConsole(number: number, size: size, store: store)
      try connect(number)
      if !hasLink(number) { consoles[number]?.disconnect(Truth(), at: truth.now) }
    case .operate(let number, let operation): try operate(number, operation)
    case .tend(let agent, let tending):
      guard truth.redisIsUp, truth.handlerIsAlive, let key = truth.tended(agent, tending) else { return }
      try handler.act(&store, &truth, &runtimes)
      handler.tend(key, tending, &store, at: truth.now)
      truth.tend(key, tending)
    case .hold(let holds): truth.isHeld = holds
    case .set, .silence, .speak, .obey: break
    }
  }

  private mutating func publish(_ event: PublishedEvent) {
    // What is published while Redis is down is lost.
    guard truth.redisIsUp else { return }
    store.add(event, at: truth.now)
    truth.hear(event)
  }

  private mutating func fail(_ fault: History.Fault) {
    switch fault {
    case .redis: truth.redisIsUp = false
    case .handler: truth.handlerIsAlive = false
    case .link(let number): cutOff.insert(number)
    }
    for number in consoles.indices where !hasLink(number) { consoles[number]?.disconnect(truth, at: truth.now) }
  }

  private mutating func mend(_ fault: History.Fault) throws {
    switch fault {
    case .redis:
      truth.redisIsUp = true
      truth.deafUntil = truth.now
    case .handler: truth.handlerIsAlive = true
    case .link(let number): cutOff.remove(number)
    }
    for number in consoles.indices { try connect(number) }
  }

  private func hasLink(_ number: Int) -> Bool { truth.redisIsUp && !cutOff.contains(number) }

  private mutating func connect(_ number: Int) throws {
    guard hasLink(number) else { return }
    try consoles[number]?.connect(store, truth)
  }

  // MARK: Time

  /// Lets time pass, as coarsely as nothing happens.
  private mutating func pass(seconds: Int) throws {
    for rest in stride(from: seconds, to: 0, by: -1) {
      truth.pass(to: truth.now + .seconds(1))
      let isReport = truth.now.milliseconds / 1000 % Runtimes.interval == 0
      if isReport { for event in runtimes.due { publish(event) } }
      if truth.handlerIsAlive, truth.redisIsUp { try handler.act(&store, &truth, &runtimes) }
      guard isReport || rest <= Self.settling else { continue }
      for number in consoles.indices {
        for command in try consoles[number]?.turn(&store, truth) ?? [] {
          truth.commands[command.id.text]?.phases = ["sent"]
        }
      }
    }
  }

  // MARK: Operators

  private mutating func operate(_ number: Int, _ operation: History.Operation) throws {
    guard var console = consoles[number] else { return }
    var (desk, given) = (console.desk, [Command]())
    let question = desk.operate(operation, truth) {
      console.look()
    } press: { key in
      given += console.press(key, truth) {
        lastCommand += 1
        return "c\(lastCommand)"
      }
    }
    for command in given {
      let sent = (command: command, phases: Set([console.isLinked ? "sent" : "not sent"]))
      truth.commands[command.id.text] = sent
      desk.lostTruth?.commands[command.id.text] = sent
    }
    console.desk = desk
    consoles[number] = console
    for command in given {
      let names = command.targets.map(\.description)
      guard let question, let fault = desk.fault(of: names, question) else { continue }
      try report(number, "\(command.action.rawValue) \(fault)", [])
    }
  }

  // MARK: Comparing

  private mutating func compare() throws {
    for number in consoles.indices {
      guard var console = consoles[number] else { continue }
      let reading = console.look()
      consoles[number] = console
      comparisons += 1
      for difference in console.desk.check(reading, truth).differences() {
        try report(number, difference, reading.lines)
      }
      if taken % 4 == number { try compareAlerts(number, console, reading) }
    }
  }

  /// Opens an agent that has alerts, on a copy of the console, and compares each of them.
  private mutating func compareAlerts(_ number: Int, _ copy: MemoryConsole, _ reading: ScreenReading) throws {
    let shown = copy.desk.frozenTruth ?? copy.desk.lostTruth ?? truth
    guard
      let agent = shown.alerts.keys.map(\.agent).sorted().first(where: {
        copy.desk.filter.isEmpty || $0 == copy.desk.filter
      })
    else { return }
    var (probe, moment) = (copy, truth)
    guard copy.desk.aim(at: agent, { reading }, { _ = probe.press($0, moment) { "" } }) else { return }
    _ = probe.press(.enter, moment) { "" }
    moment = shown
    let lines = probe.look().lines
    for difference in AlertCheck(agent: agent, truth: moment, lines: lines).differences {
      try report(number, difference, lines)
    }
  }

  private func report(_ console: Int, _ what: String, _ screen: [String]) throws {
    let difference = Disagreement(
      seed: history.seed, steps: taken, step: current, console: console, what: what, screen: screen)
    guard let onDifference else { throw difference }
    onDifference(difference)
  }
}
