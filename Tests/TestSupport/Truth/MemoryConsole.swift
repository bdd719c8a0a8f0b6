import Console
import FleetModel
import Redis
import Screen
import Wire

/// A console in memory: the model and its screen, fed with what Redis holds as the program's own feed does it.
struct MemoryConsole {
  private(set) var model: Model
  private let size: Size
  /// Whether it has a link at present.
  private(set) var isLinked = false
  var desk = Desk()
  private var generation: Int
  private var eventsRead = 0
  private var auditRead = 0
  /// Commands that were given and not yet sent.
  private var outbox: [Command] = []
  private let decoder = EventDecoder(metrics: HistorySettings.metrics)

  init(number: Int, size: Size, store: MemoryStore) {
    self.size = size
    var settings = Model.Settings()
    settings.operator = "operator\(number)"
    settings.place = "here"
    model = Model(settings: settings, size: size, fleet: Fleet(seed: UInt64(number)), seed: UInt64(number))
    generation = store.generation
    model.fleet.setMetrics(HistorySettings.metrics)
    model.fleet.setLevels(HistorySettings.levels)
    model.fleet.watch()
  }

  // MARK: The link

  mutating func connect(_ store: MemoryStore, _ truth: Truth) throws {
    guard !isLinked else { return }
    isLinked = true
    let lostAt = desk.lostTruth?.now ?? truth.now
    desk.lostTruth = nil
    _ = model.update(.link(.up))
    if generation != store.generation {
      (generation, eventsRead, auditRead) = (store.generation, 0, 0)
      model.fleet.applyGap(from: max(lostAt, .start), to: truth.now, count: nil)
    }
    model.fleet.take(.recordsBegin)
    for (id, record) in store.records { model.fleet.take(.record(id, record)) }
    model.fleet.take(.stateTold)
    try read(store, truth)
    _ = model.update(.caughtUp)
  }

  /// - Parameters:
  ///   - last: what was true when the link was last up.
  mutating func disconnect(_ last: Truth, at now: Instant) {
    guard desk.lostTruth == nil else { return }
    isLinked = false
    desk.lostTruth = last
    _ = model.update(.link(.down(since: now, retryAt: now + .seconds(1), reason: "refused")))
  }

  /// Takes in what is new, and lets time come on.
  ///
  /// - Returns: the commands that have been sent by that.
  mutating func turn(_ store: inout MemoryStore, _ truth: Truth) throws -> [Command] {
    var sent: [Command] = []
    if isLinked {
      for command in outbox where command.expiresAt > truth.now {
        store.send(command)
        _ = model.update(.delivery(command, .delivered))
        sent.append(command)
      }
      outbox = []
      try read(store, truth)
    }
    _ = model.update(.tick(truth.now))
    return sent
  }

  private mutating func read(_ store: MemoryStore, _ truth: Truth) throws {
    while eventsRead < store.events.count {
      let (at, event) = store.events[eventsRead]
      eventsRead += 1
      // The audit of a moment comes between events of before and after.
      readAudit(store, before: at)
      _ = try event.json.withUnsafeBytes {
        model.fleet.apply(try decoder.decode($0, channel: nil, receivedAt: at))
      }
    }
    readAudit(store, before: nil)
    let held = truth.isHeld ? "half of the fleet is unhealthy" : nil
    let status: HandlerStatus = truth.handlerIsAlive ? .alive(id: "h1", isRecording: true, held: held) : .absent
    if model.handler != status { _ = model.update(.handler(status)) }
    let lease = Lease(id: "h1", fence: 1, isRecording: true, since: .start)
    model.fleet.take(.handler(truth.handlerIsAlive ? lease : nil))
    model.fleet.take(.alerts(Array(store.alerts.values), judgedUpTo: store.judgedUpTo, at: truth.now))
    model.fleet.take(.automation(.set(.on), at: truth.now))
  }

  private mutating func readAudit(_ store: MemoryStore, before end: Instant?) {
    while auditRead < store.audit.count, end.map({ store.audit[auditRead].at < $0 }) ?? true {
      model.fleet.apply(store.audit[auditRead])
      auditRead += 1
    }
  }

  // MARK: The operator

  /// Presses a key; commands that it gives wait to be sent, and come back.
  mutating func press(_ key: Key, _ truth: Truth, id: () -> String) -> [Command] {
    var given: [Command] = []
    for effect in model.update(.key(key)) {
      guard case .send(let draft) = effect else { continue }
      let command = Command(
        id: CommandID(id()), action: draft.action, targets: draft.targets, arguments: draft.arguments,
        operator: model.settings.operator, reason: draft.reason, issuedAt: truth.now,
        expiresAt: truth.now + .minutes(1), observed: draft.observed)
      outbox.append(command)
      given.append(command)
      _ = model.update(.sent(command, isLinked ? .underWay : .waiting))
    }
    return given
  }

  /// What the screen shows.
  mutating func look() -> ScreenReading {
    var grid = Grid(size: size)
    model.draw(into: &grid)
    let cells = (0..<size.rows).map { row in
      grid.row(row).lazy.filter { !$0.isContinuation }.map { Unicode.Scalar($0.base) ?? " " }
    }
    return ScreenReading(cells: cells.map(Array.init), size: size)
  }
}
