import FleetModel
import HTTP
import Handler
import Logging
import Loop
import Redis
import Wire

/// A whole installation in one process, without a server and without waiting: a Redis in memory, handlers that run the
/// product's own code, and a clock that jumps to whatever is next.
///
/// One seed determines all that happens: when bytes arrive, what fails, which numbers are random. So a seed that shows a
/// fault shows it each time.
package final class SimulatedWorld {
  package let seed: UInt64
  var random: SeededRandom
  /// Nanoseconds since the world began.
  private(set) var now: Int64 = 0
  private var agenda = Agenda()
  let server: SimulatedServer
  package let keys = Keys()
  var isServerUp = true
  private(set) var nodes: [HandlerNode] = []
  private var cables: [Int: Cable] = [:]
  private var lastCable = 0
  /// By cable, the life of the handler that had it.
  private var lives: [Int: String] = [:]
  /// How many commands the server has answered.
  var writes = 0
  var runtimes: SimulatedRuntimes!
  var service: OutsideService!
  /// Sets what handlers are told when they start.
  var configure: (inout HandlerOptions) -> Void = { _ in }
  /// How many inputs have been handed out: a world that does not come to rest is at fault.
  private(set) var inputs = 0
  /// By entry of a stream of commands, the lives of handlers to which it was delivered.
  private var deliveries: [StreamID: Set<String>] = [:]
  /// Told, line by line, what happens.
  package var trace: ((String) -> Void)?
  /// Whether each request and its answer is told, too.
  package var tellsRequests = false

  /// When all worlds begin, in microseconds of the server's clock.
  static let beginning: Int64 = 1_795_334_137_000_000

  package init(seed: UInt64) {
    self.seed = seed
    random = SeededRandom(seed: seed)
    server = SimulatedServer(model: RedisModel(microseconds: Self.beginning))
    server.answer = { [unowned self] id, bytes in cables[id]?.answer(bytes) }
    server.observe = { [unowned self] id, words, reply in
      writes += 1
      noteDeliveries(id, words, reply)
      guard tellsRequests else { return }
      let answer = reply.encoded.text.split(separator: "\r\n").joined(separator: " ")
      tell("\(id): \(words.map(\.text).joined(separator: " ")) -> \(answer)")
    }
  }

  func livesThatHad(_ entry: StreamID) -> Set<String> { deliveries[entry] ?? [] }

  private func noteDeliveries(_ id: Int, _ words: [Bytes], _ reply: Reply) {
    let entries: [Reply]
    switch words.commandName {
    case "XCLAIM": entries = reply.elements ?? []
    case "XREADGROUP": entries = reply.elements?.flatMap { $0.elements?.last?.elements ?? [] } ?? []
    default: return
    }
    guard let life = lives[id] else { return }
    for entry in entries {
      guard let id = entry.elements?.first?.bytes.flatMap({ StreamID($0) }) else { continue }
      deliveries[id, default: []].insert(life)
    }
  }

  // MARK: Chance

  func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  func chance(_ percent: Int) -> Bool { number(0...99) < percent }
  func pick<T>(_ all: [T]) -> T { all[number(0...all.count - 1)] }

  // MARK: Time

  func tell(_ words: @autoclosure () -> String) { trace?("\(Double(now / 1000) / 1_000_000): \(words())") }

  func schedule(at time: Int64, _ work: @escaping () -> Void) { agenda.add(at: max(now, time), work) }

  func schedule(inMilliseconds span: Int, _ work: @escaping () -> Void) {
    schedule(at: now + Int64(span) * 1_000_000, work)
  }

  /// The server's time.
  package var serverTime: Instant { Instant(milliseconds: server.model.microseconds / 1000) }

  /// Lets milliseconds pass, with all that is due in them.
  package func pass(milliseconds: Int64) {
    let end = now + milliseconds * 1_000_000
    while step(until: end) {}
    move(to: end)
  }

  /// Takes the next thing that is due; false if there is none until then.
  func step(until end: Int64) -> Bool {
    let deadline = server.nextDeadline.map { now + max(0, $0 - server.model.microseconds) * 1000 } ?? .max
    let planned = agenda.nextTime ?? .max
    var (timer, owner) = (Int64.max, HandlerNode?.none)
    for node in nodes where node.sleepsUntil <= now {
      if let span = node.nextSpan, now + span < timer { (timer, owner) = (now + span, node) }
    }
    let next = min(planned, deadline, timer)
    guard next <= end else { return false }
    inputs += 1
    move(to: next)
    if planned <= now {
      agenda.popNext()?()
    } else if deadline <= now {
      server.clockMoved()
    } else if let owner {
      run(on: owner) {}
    }
    return true
  }

  func move(to time: Int64) {
    let span = time - now
    guard span > 0 else { return }
    now = time
    for node in nodes { node.pass(nanoseconds: span) }
    // What is below a microsecond must not be lost, span for span.
    server.model.microseconds += time / 1000 - (time - span) / 1000
  }

  // MARK: Handlers

  package func addHandler(_ id: String) throws {
    nodes.append(try HandlerNode(id: id, wall: server.model.microseconds * 1000, seed: random.next()))
  }

  package func startHandler(_ place: Int) throws {
    let node = nodes[place]
    tell("\(node.id) starts")
    var options = HandlerOptions(id: node.id)
    configure(&options)
    try node.start { [unowned self] loop in
      loop.connect = { [unowned self, unowned node] in connect(node, $0) }
      let log = Log { [weak self] line in
        self?.tell("\(node.id) logs \(String(decoding: line.dropLast(), as: UTF8.self))")
      }
      let services = SimulatedServices(world: self, node: node)
      return HandlerService(
        loop: loop, endpoint: .default, options: options, log: log, actuators: services, messenger: services)
    }
  }

  /// Starts a handler that is down; where the system cannot, the world is of no use.
  func restart(_ place: Int) {
    guard nodes[place].service == nil else { return }
    do { try startHandler(place) } catch { preconditionFailure("cannot start a handler: \(error)") }
  }

  package func kill(_ place: Int, losesRequests: Bool) {
    let node = nodes[place]
    guard node.service != nil else { return }
    tell("\(node.id) dies")
    for cable in cables(of: node) { cable.abandon(losesRequests: losesRequests) }
    node.kill()
  }

  package func isActive(_ place: Int) -> Bool { nodes[place].service?.isActive == true }

  /// Hands an input to a handler; one that stands still gets it later.
  func run(on node: HandlerNode, _ input: @escaping () -> Void) {
    guard node.service != nil else { return }
    guard node.sleepsUntil <= now else {
      return schedule(at: node.sleepsUntil) { [self] in run(on: node, input) }
    }
    node.run(input)
  }

  // MARK: The network

  private func connect(_ node: HandlerNode, _ address: String) -> any Transport {
    lastCable += 1
    let cable = Cable(lastCable, self, node, address)
    cables[lastCable] = cable
    lives[lastCable] = "\(node.id)/\(node.life)"
    return cable
  }

  func cables(of node: HandlerNode) -> [Cable] {
    cables.values.filter { $0.node === node }.sorted { $0.id < $1.id }
  }

  var openCables: [Cable] { cables.values.filter(\.isOpen).sorted { $0.id < $1.id } }

  func forget(_ cable: Cable) { cables[cable.id] = nil }

  /// When bytes that leave now arrive: most within a millisecond or two, some much later, none before `earlier`.
  func arrival(from node: HandlerNode, after earlier: Int64) -> Int64 {
    let microseconds = chance(3) ? number(2_000...200_000) : number(50...1_500)
    return max(earlier, node.cutOffUntil, now + Int64(microseconds) * 1000)
  }
}
