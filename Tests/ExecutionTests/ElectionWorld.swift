import FleetModel
import Testing
import Wire

@testable import Execution

/// Handlers that want one lease, around a model of the scripts that guard it: messages take their time, connections drop,
/// rights come and go, machines are suspended; all by a seed.
struct ElectionWorld {
  private struct Handler {
    var election: LeaderElection
    var isConnected = false
    /// Counts connections: what was sent on an earlier one never arrives.
    var connection = 0
    var wakesAt: Int64?
    /// How much its clock that counts no suspension is behind.
    var suspended: Int64 = 0
    var mayAct: (fence: Int, until: Int64)?
    /// Whether Redis was last found to allow what it needs.
    var isAllowed = false
    /// The questions that it has asked at one moment.
    var questions: (time: Int64, count: Int) = (0, 0)
    var released: Set<Int> = []
  }

  private struct Message {
    var time: Int64
    var handler: Int
    var connection: Int
    var effect: LeaderElection.Effect
    /// When it was sent, and what Redis answered; nil before it has.
    var sent: Int64
    var answer: LeaderElection.Input?
  }

  private static let spans = LeaderElection.Spans(
    lease: 2500, margin: 500, renewal: 900, attempt: 500, listening: 5000)

  private let seed: UInt64
  private var random: SeededRandom
  private var now: Int64 = 0
  private var handlers: [Handler]
  private var messages: [Message] = []
  private var lease: (bytes: Lease, ends: Int64)?
  private var fence = 0
  private var areRightsMissing = false
  /// Whether nothing fails any more.
  private var isCalm = false
  /// Who took each fence.
  private var takers: [Int: Int] = [:]

  init(seed: UInt64) {
    self.seed = seed
    random = SeededRandom(seed: seed)
    let count = Int.random(in: 1...3, using: &random)
    handlers = (0..<count).map {
      Handler(election: LeaderElection(id: "h\($0)", patterns: [], spans: Self.spans))
    }
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  /// Lets 20 s pass with faults, and then 12 s without.
  mutating func run() throws {
    for place in handlers.indices {
      try connect(place)
      try take(.candidacy(listens: chance(80)), place)
    }
    try pass(until: 20_000)
    isCalm = true
    areRightsMissing = false
    for place in handlers.indices where !handlers[place].isConnected { try connect(place) }
    for place in handlers.indices { try take(.candidacy(listens: true), place) }
    try pass(until: 32_000)
    try #require(handlers.contains { $0.mayAct != nil }, "seed \(seed): nobody holds the lease")
  }

  private mutating func pass(until end: Int64) throws {
    while now < end {
      let next = (messages.map(\.time) + handlers.compactMap(\.wakesAt)).min() ?? end
      let fault = isCalm ? end : now + Int64.random(in: 0...1500, using: &random)
      now = max(now, min(next, fault, end))
      if next <= now { try deliver() } else if !isCalm { try fail() }
      try check()
    }
  }

  private mutating func deliver() throws {
    if let place = handlers.indices.first(where: { handlers[$0].wakesAt.map { $0 <= now } ?? false }) {
      handlers[place].wakesAt = nil
      return try take(.woken, place)
    }
    guard
      let index = messages.indices.filter({ messages[$0].time <= now }).min(by: {
        messages[$0].time < messages[$1].time
      })
    else { return }
    var message = messages.remove(at: index)
    if let answer = message.answer {
      guard handlers[message.handler].connection == message.connection else { return }
      return try take(answer, message.handler)
    }
    guard let answer = serve(message) else { return }
    message.answer = answer
    message.time = now + delay()
    messages.append(message)
  }

  private mutating func delay() -> Int64 { chance(5) && !isCalm ? 900 : Int64.random(in: 0...40, using: &random) }

  // MARK: Faults

  private mutating func fail() throws {
    let place = Int.random(in: handlers.indices, using: &random)
    switch Int.random(in: 0..<12, using: &random) {
    case 0: areRightsMissing.toggle()
    case 1: try handlers[place].isConnected ? disconnect(place) : connect(place)
    case 2: if !handlers[place].isConnected { try connect(place) }
    case 3:
      // It is suspended: nothing reaches it meanwhile, and its timers wait.
      let span = Int64.random(in: 0...4000, using: &random)
      handlers[place].suspended += span
      for index in messages.indices where messages[index].handler == place { messages[index].time += span }
      if let wakes = handlers[place].wakesAt { handlers[place].wakesAt = wakes + span }
    case 4: try take(.release(isComplete: chance(50)), place)
    case 5: try take(.rightsDoubted, place)
    case 6: try take(.otherReleased(isComplete: chance(50)), place)
    case 7: try take(chance(50) ? .withdrawn : .hearsNothing, place)
    case 8, 9: try take(.candidacy(listens: chance(50)), place)
    case 10: try take(.recording(chance(50)), place)
    default: try take(.lost("the session ended"), place)
    }
  }

  private mutating func connect(_ place: Int) throws {
    handlers[place].isConnected = true
    handlers[place].connection += 1
    try take(.connected, place)
  }

  private mutating func disconnect(_ place: Int) throws {
    handlers[place].isConnected = false
    handlers[place].connection += 1
    handlers[place].isAllowed = false
    try take(.disconnected, place)
  }

  // MARK: The handlers

  private mutating func take(_ input: LeaderElection.Input, _ place: Int) throws {
    let moment = LeaderElection.Moment(
      boot: now, running: now - handlers[place].suspended, server: Instant(milliseconds: now))
    if case .rightsFound(let missing) = input { handlers[place].isAllowed = missing.needed.isEmpty }
    if case .refused(_, isDenied: true) = input { handlers[place].isAllowed = false }
    let effects = handlers[place].election.take(input, at: moment)
    for effect in effects { try perform(effect, place) }
    try #require((handlers[place].mayAct != nil) == handlers[place].election.isActive)
    let isWoken = handlers[place].wakesAt != nil
    try #require(isWoken || !handlers[place].election.isActive, "seed \(seed): nobody renews the lease")
  }

  private mutating func perform(_ effect: LeaderElection.Effect, _ place: Int) throws {
    switch effect {
    case .ask, .lookAtRights, .lookForHolder:
      try #require(handlers[place].isConnected)
      if case .ask = effect { try #require(handlers[place].isAllowed, "seed \(seed): it asks without its rights") }
      let before = handlers[place].questions
      handlers[place].questions = before.time == now ? (now, before.count + 1) : (now, 1)
      try #require(handlers[place].questions.count <= 12, "seed \(seed): it asks without a pause")
      try #require(!messages.contains { isQuestion($0, of: place) }, "seed \(seed): one question at a time")
      send(effect, place)
    case .renew(let lease):
      try #require(handlers[place].mayAct?.fence == lease.fence && !handlers[place].released.contains(lease.fence))
      send(effect, place)
    case .release(let fence, _):
      handlers[place].released.insert(fence)
      send(effect, place)
    case .wake(let span):
      try #require(span > 0, "seed \(seed): no pause")
      let isActive = handlers[place].election.isActive
      try #require(!isActive || span <= Self.spans.renewal, "seed \(seed): nobody renews the lease")
      handlers[place].wakesAt = now + span
    case .taken(let fence, let until):
      try #require(takers.updateValue(place, forKey: fence) == nil, "seed \(seed): fence \(fence) is taken twice")
      try #require(fence == takers.keys.max(), "seed \(seed): fences rise")
      handlers[place].mayAct = (fence, until)
    case .prolonged(let until):
      let former = try #require(handlers[place].mayAct)
      handlers[place].mayAct = (former.fence, until)
    case .lost: handlers[place].mayAct = nil
    case .say: break
    }
  }

  private func isQuestion(_ message: Message, of place: Int) -> Bool {
    guard message.handler == place, message.connection == handlers[place].connection else { return false }
    switch message.effect {
    case .ask, .lookAtRights, .lookForHolder: return true
    default: return false
    }
  }

  private mutating func send(_ effect: LeaderElection.Effect, _ place: Int) {
    // What is sent on one connection arrives in order.
    let earlier = messages.filter { $0.handler == place && $0.answer == nil }.map(\.time).max() ?? now
    let time = max(earlier, now + delay())
    messages.append(
      Message(time: time, handler: place, connection: handlers[place].connection, effect: effect, sent: now))
  }

  private func check() throws {
    let able = handlers.filter { handler in handler.mayAct.map { now < $0.until } ?? false }
    try #require(able.count <= 1, "seed \(seed): \(able.count) handlers may act at \(now)")
  }

  // MARK: The server

  private mutating func serve(_ message: Message) -> LeaderElection.Input? {
    if let held = lease, held.ends <= now { lease = nil }
    switch message.effect {
    case .ask(let asked, let former): return answer(to: asked, former)
    case .lookAtRights: return .rightsFound(MissingRights(needed: areRightsMissing ? ["HSET"] : []))
    case .lookForHolder: return .holderFound(millisecondsLeft: lease.map { $0.ends - now } ?? -2)
    case .renew(let renewed):
      guard renewed.fence == fence else { return .renewalRefused(fence: renewed.fence, "FENCED", .fenced) }
      if areRightsMissing { return .renewalRefused(fence: renewed.fence, "NOPERM", .denied) }
      lease = (renewed, now + Self.spans.lease)
      return .renewed(fence: renewed.fence, asked: message.sent)
    case .release(let released, _):
      if released == fence { lease = nil }
      return nil
    case .wake, .taken, .prolonged, .lost, .say: return nil
    }
  }

  private mutating func answer(to asked: Lease, _ former: Lease?) -> LeaderElection.Input {
    if areRightsMissing { return .refused("NOPERM", isDenied: true) }
    if let lease, lease.bytes != former { return .answered(.held(millisecondsLeft: lease.ends - now)) }
    if fence >= asked.fence { return .answered(.outrun(stored: fence)) }
    fence = asked.fence
    lease = (asked, now + Self.spans.lease)
    return .answered(.taken(isNewCount: false))
  }
}
