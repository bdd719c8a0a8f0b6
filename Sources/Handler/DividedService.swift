import Execution
import FleetModel
import HTTP
import Logging
import Loop
import Redis
import Wire

/// The handler of a divided fleet: one process that leads as many shards as fall to it, and stands by for the others.
///
/// ```
///                       ┌─ HandlerService of shard 00 ─ its lease, stream, fence, schedule, audit
/// ShardAssignment ──────┼─ HandlerService of shard 01
///   who lives, and      └─ …
///   who leads what                └── all hear through one ChannelHub
/// ```
/// Each shard is led as a fleet of its own. What is here decides only which of them this process asks for.
///
/// A class, because the loop's handlers share it.
package final class DividedService: HandlerDaemon {
  private let loop: Loop
  private let log: Log
  let services: [HandlerService]
  let hub: ChannelHub
  private let shards: Shards
  /// As it was told when it began.
  private let options: HandlerOptions
  private var assignment: ShardAssignment
  private let presence: HandlerPresence
  private let counts = ShardCountsExchange()
  private var numbers: ShardNumbers
  /// Of the shards that are led here.
  private var relays: [Int: FleetWideRelay] = [:]
  /// What each part was last told: whether it may ask for its lease.
  private var admitted: [Bool]
  private var timer: Loop.TimerID?
  private var isStopping = false
  /// Why shard 00 does not tell who lives, as it was said last.
  private var saidOfPresence: String?
  package let monitor: Monitor

  /// Between two looks, in milliseconds.
  private static let span: Int64 = 1000

  /// - Parameter options: of the whole fleet: the prefix is that of all shards.
  package init(
    loop: Loop, endpoint: Endpoint, options: HandlerOptions, shards: Shards, log: Log = .silent
  ) throws(SystemError) {
    log.keepSecret(options.secrets + endpoint.secrets)
    let actuators = try HTTPClient(loop: loop)
    let messenger = try HTTPClient(loop: loop)
    let hub = ChannelHub(loop: loop, shards: shards, patterns: options.recordedPatterns)
    services = (0..<shards.count).map { shard in
      HandlerService(
        loop: loop, endpoint: endpoint, options: options.ofShard(shard, of: shards),
        log: log.adding("shard", ShardNames.number(shard)), actuators: actuators, messenger: messenger, hub: hub)
    }
    (self.loop, self.log, self.hub, self.shards, self.options) = (loop, log, hub, shards, options)
    assignment = ShardAssignment(id: options.id, count: shards.count)
    presence = HandlerPresence(keys: Keys(shards.prefixes[0]), id: options.id, count: shards.count)
    numbers = ShardNumbers(shards)
    admitted = Array(repeating: false, count: shards.count)
    monitor = Monitor(loop: loop, services.map(\.monitored))
    for (shard, service) in services.enumerated() {
      service.onShardNotice = { [weak self] in self?.take($0, of: shard) }
    }
  }

  /// Which shards it leads.
  var led: [Int] { services.indices.filter { services[$0].isActive } }

  package func start() {
    warn(of: options.budgets)
    for service in services {
      service.admit(false)
      service.start()
    }
    monitor.apply(options.monitoring)
    look()
  }

  package func apply(_ options: HandlerOptions) {
    for (shard, service) in services.enumerated() { service.apply(options.ofShard(shard, of: shards)) }
    log.apply(options.log)
    log.keepSecret(options.secrets)
    monitor.apply(options.monitoring)
    warn(of: options.budgets)
  }

  private func warn(of budgets: [Budget]) {
    let shared = budgets.contains { if case .agent = $0.scope { false } else { true } }
    if shared { log(.warning, "budgets of roles and of the fleet are counted in each shard by itself") }
  }

  package func complain(_ words: String) {
    for service in services { service.complain(words) }
  }

  package func stop(_ completion: @escaping () -> Void) {
    isStopping = true
    perform(assignment.take(.ending, at: now))
    if let connection = services[0].main.connection { presence.leave(on: connection) }
    var left = services.count
    for service in services {
      service.stop { [weak self] in
        left -= 1
        if left == 0 {
          self?.loop.cancel(self?.timer)
          completion()
        }
      }
    }
  }

  /// Lets go of everything at once, as a crash would.
  package func halt() {
    isStopping = true
    loop.cancel(timer)
    for service in services { service.halt() }
  }

  package func flushLog() {
    for service in services { service.log.flush() }
    log.flush()
  }

  private var now: Int64 { MonotonicTime.now.milliseconds }

  // MARK: What happens

  private func take(_ notice: ShardNotice, of shard: Int) {
    guard !isStopping else { return }
    switch notice {
    case .up(let connection):
      services[shard].recorder.source.move(to: connection.endpoint.ofOneNode)
      lookAtHolder(of: shard)
      if shard == 0 { tellPresence() }
    case .changed:
      if services[shard].isActive {
        take(.holder(shard: shard, presence.id))
        // Before its rules judge anything.
        counts.spread(services, shards)
      }
      relay(shard)
      take(.able(able))
    case .released: take(.released(shard: shard))
    }
  }

  /// Passes on what rules of a shard do to the whole fleet, for as long as it is led here.
  private func relay(_ shard: Int) {
    guard let session = services[shard].session else {
      relays[shard] = nil
      return
    }
    guard relays[shard]?.session !== session else { return }
    let relay = FleetWideRelay(session, own: shard, count: shards.count) { [weak self] in
      self?.services[$0].main.connection
    }
    relays[shard] = relay
    relay.start()
  }

  private func take(_ input: ShardAssignment.Input) { perform(assignment.take(input, at: now)) }

  private func perform(_ effects: [ShardAssignment.Effect]) {
    admit()
    for case .handOver(let shard) in effects {
      log(.info, "handing over", ["shard": ShardNames.number(shard)])
      services[shard].handOver { [weak self] in self?.take(.handedOver(shard: shard)) }
    }
  }

  private func admit() {
    for (shard, service) in services.enumerated() {
      let isAdmitted = assignment.isAdmitted(shard) && numbers.allows(shard)
      guard isAdmitted != admitted[shard] else { continue }
      admitted[shard] = isAdmitted
      service.admit(isAdmitted)
    }
  }

  private var able: Set<Int> { Set(services.indices.filter { services[$0].isAble }) }

  // MARK: Looking

  private func look() {
    timer = loop.schedule(inMilliseconds: Self.span) { [weak self] in self?.look() }
    guard !isStopping else { return }
    tellPresence()
    for shard in services.indices { lookAtHolder(of: shard) }
    take(.able(able))
    take(.woken)
    counts.look(services, shards)
  }

  private func tellPresence() {
    guard let connection = services[0].main.connection else { return }
    presence.tell(able, on: connection) { [weak self] in self?.heard($0) }
  }

  private func heard(_ answer: HandlerPresence.Answer) {
    guard !isStopping else { return }
    switch answer {
    case .present(let handlers):
      found(shards.count, of: nil)
      if saidOfPresence != nil { log(.info, "shard 00 tells again which handlers live") }
      saidOfPresence = nil
      take(.present(handlers))
    case .otherNumber(let text): found(Int(text) ?? 0, of: nil)
    case .refused(let error):
      guard saidOfPresence != error else { return }
      saidOfPresence = error
      log(.error, "shard 00 does not tell which handlers live", ["error": error])
    }
  }

  /// Asks who leads a shard, and into how many shards those who led it divided the fleet.
  private func lookAtHolder(of shard: Int) {
    let service = services[shard]
    guard let connection = service.main.connection else { return }
    connection.send(Request("HGET", service.keys.cursor, Keys.shardsField)) { [weak self] result in
      guard case .success(let reply) = result, let text = reply.text else { return }
      self?.found(Int(text) ?? 0, of: shard)
    }
    connection.send(Request("GET", service.keys.lease)) { [weak self] result in
      guard let self, !isStopping, case .success(let reply) = result, reply.error == nil else { return }
      // Whatever else stands there is somebody's.
      let holder = reply.bytes.map { LeaseCoding.decode($0)?.id ?? "" }
      take(.holder(shard: shard, holder))
    }
  }

  /// - Parameter shard: where it stands; nil for shard 00, where it holds for all.
  private func found(_ number: Int, of shard: Int?) {
    let former = numbers.fault
    numbers.note(number, of: shard)
    guard numbers.fault != former else { return admit() }
    for service in services { service.misfit = numbers.fault }
    if let fault = numbers.fault {
      log(.error, fault)
    } else {
      log(.info, "the number of shards is right again")
    }
    take(.able(able))
  }
}
