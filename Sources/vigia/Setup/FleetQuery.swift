import FleetModel
import Loop
import Redis
import Wire

/// Questions to all shards of a fleet, each over a link of its own: the work of a tool that ends by itself. A fleet that is
/// not divided has one.
///
/// ```
/// all shards ─▶ up, or lost ─▶ the work, with those that answer ─▶ a warning that names the others
///               one lost later is left out of what is asked from then on
/// ```
/// Whoever is on call needs what there is most when a shard is down: only if none answers there is nothing to tell.
/// If one shard alone holds what is asked for, the others are not waited for. If that one is lost, the tool says so, once
/// another one that is up shows that the fleet can be reached.
///
/// A class, since the handlers of its connections share it.
final class FleetQuery {
  let session: Session
  let installation: Installation
  /// An answer, and the shard that gave it.
  typealias Answer = (part: RedisQuery, reply: Reply)

  /// One a shard, in their order, whether it answers or not.
  private var all: [RedisQuery] = []
  /// The shard that alone holds what is asked for; nil if each holds a part.
  private let holder: Int?
  private let work: (FleetQuery) -> Void
  /// Shards that have been up.
  private var reached: Set<Int> = []
  private var hasFailed = false
  private var hasBegun = false
  /// What goes on once the holder is lost and another shard is up; nil if nothing waits for that.
  private var withoutHolder: (() -> Void)?

  /// Connects to all, does the work, which ends the session, and gives how it ended.
  ///
  /// - Parameter holder: the shard that alone holds what is asked for; nil if each holds a part.
  static func run(
    _ installation: Installation, heldBy holder: Int? = nil, _ work: @escaping (FleetQuery) -> Void
  ) throws {
    let session = try Session()
    let query = FleetQuery(session, installation, holder, work)
    try session.onInterrupt { session.end(.failed) }
    for part in query.all { part.start() }
    try withExtendedLifetime(query) { try session.run() }
  }

  private init(
    _ session: Session, _ installation: Installation, _ holder: Int?, _ work: @escaping (FleetQuery) -> Void
  ) {
    (self.session, self.installation, self.holder, self.work) = (session, installation, holder, work)
    all = installation.parts.enumerated().map { index, part in
      RedisQuery(session, part) { [unowned self] in
        lost()
      } _: { [unowned self] _ in
        reached.insert(index)
        goOnIfSettled()
      }
    }
  }

  private func lost() {
    let losses = all.compactMap(\.loss)
    // Only if all refuse the tool has failed.
    if losses.count == all.count, let loss = losses.first(where: { $0.outcome != .failed }) ?? losses.first {
      return session.fail(loss.outcome, loss.sentence)
    }
    goOnIfSettled()
  }

  /// Begins the work, or goes on with it if it waits for another shard than the holder.
  private func goOnIfSettled() {
    let reaches = all.indices.map { all[$0].loss != nil ? Reach.lost : reached.contains($0) ? .up : .connecting }
    guard Self.isSettled(reaches, heldBy: holder) else { return }
    guard hasBegun else {
      hasBegun = true
      return work(self)
    }
    let goOn = withoutHolder
    withoutHolder = nil
    goOn?()
  }

  /// How far a shard is.
  enum Reach { case connecting, up, lost }

  /// Whether enough is known of the shards: none is connecting, and one is up. If one of them holds all that is asked for,
  /// that one is up, or it is lost and any other is up.
  static func isSettled(_ shards: [Reach], heldBy holder: Int?) -> Bool {
    guard let holder else { return !shards.contains(.connecting) && shards.contains(.up) }
    return shards[holder] == .up || shards[holder] == .lost && shards.contains(.up)
  }

  /// The shards that answer, in their order.
  var parts: [RedisQuery] { all.filter { $0.loss == nil } }

  /// The shards that do not, and hold what is asked for.
  var missing: MissingShards {
    var missing = MissingShards()
    for (index, part) in all.enumerated() where holder == nil || index == holder { missing[index] = part.loss?.reason }
    return missing
  }

  /// The server's time: that of the first shard's that answers.
  var now: Instant { first.now }

  /// The first shard that answers: what all shards hold alike is read there.
  var first: RedisQuery { all.first { $0.loss == nil } ?? all[0] }

  /// The number of a shard.
  func shard(of part: RedisQuery) -> Int { all.firstIndex { $0 === part } ?? 0 }

  /// Agents by their shards.
  func grouped(_ agents: [AgentID]) -> [(part: RedisQuery, agents: [AgentID])] {
    Dictionary(grouping: agents) { installation.shards?.shard(of: $0) ?? 0 }
      .sorted { $0.key < $1.key }.map { (part: all[$0.key], agents: $0.value) }
  }

  // MARK: Asking

  /// Sends each shard that answers a request; one that refuses it answers no longer.
  ///
  /// - Parameters:
  ///   - make: the request to the shard with these keys.
  ///   - completion: gets the answers in the shards' order.
  func send(_ make: (Keys) -> Request, _ completion: @escaping ([Answer]) -> Void) {
    gather(completion) { $0.send(make($0.keys), $1, orElse: $2) }
  }

  /// The same with requests whose refusal is an answer too.
  func ask(_ make: (Keys) -> Request, _ completion: @escaping ([Answer]) -> Void) {
    gather(completion) { $0.ask(make($0.keys), $1, orElse: $2) }
  }

  /// Sends a request to the shard that alone holds what is asked for.
  ///
  /// - Parameter completion: gets the answer; nil if that shard does not answer.
  func askHolder(_ make: (Keys) -> Request, _ completion: @escaping (Reply?) -> Void) {
    let part = all[holder ?? 0]
    guard part.loss == nil else { return completion(nil) }
    part.send(make(part.keys), completion) { [self] in
      // The others may still be connecting, and none of them may answer.
      withoutHolder = { completion(nil) }
      goOnIfSettled()
    }
  }

  /// Waits until each shard that answers has taken its part, or is lost.
  ///
  /// - Parameter begin: sends a shard its request; calls the first closure with the answer, or the second.
  private func gather(
    _ completion: @escaping ([Answer]) -> Void,
    _ begin: (RedisQuery, @escaping (Reply) -> Void, @escaping () -> Void) -> Void
  ) {
    let parts = parts
    let answers = Answers(parts, completion)
    for (index, part) in parts.enumerated() {
      begin(part, { answers.take($0, from: index) }, { answers.take(nil, from: index) })
    }
  }

  /// Answers on their way. A class, since the handlers of several connections share it.
  private final class Answers {
    private let parts: [RedisQuery]
    private var replies: [Reply?]
    private var owed: Int
    private let completion: ([Answer]) -> Void

    init(_ parts: [RedisQuery], _ completion: @escaping ([Answer]) -> Void) {
      (self.parts, self.completion) = (parts, completion)
      (replies, owed) = (Array(repeating: nil, count: parts.count), parts.count)
    }

    /// - Parameter reply: nil if the shard was lost before it answered.
    func take(_ reply: Reply?, from index: Int) {
      replies[index] = reply
      owed -= 1
      let answers = zip(parts, replies).compactMap { part, reply in reply.map { (part: part, reply: $0) } }
      // If all are lost the session has ended.
      if owed == 0, !answers.isEmpty { completion(answers) }
    }
  }

  /// Asks for each shard's lease: the handlers as one.
  func askForHandler(_ completion: @escaping (HandlerLeaseStatus) -> Void) {
    ask({ Request("GET", $0.lease) }) { [self] answers in
      let all = answers.map { HandlerLeaseStatus($0.reply) }
      completion(installation.shards.map { .merged(all, $0) } ?? all[0])
    }
  }

  // MARK: Ending

  /// What a tool prints of the shards that answer.
  enum Page {
    case lines([String])
    /// One document.
    case json(JSONValue)
  }

  /// Prints it; a document says which shards are missing.
  func show(_ page: Page) {
    switch page {
    case .lines(let lines): lines.forEach { Output.line($0.shown) }
    case .json(let document): Output.json(missing.noted(in: document))
    }
  }

  /// Ends the session, and says which shards are missing: with 1 where something else could not be done.
  func end() {
    if let warning = missing.warning { Output.error(warning) }
    session.end(
      hasFailed || all.contains(where: \.hasFailed) ? .failed : missing.isEmpty ? .done : .partial)
  }

  /// Says what could not be done, and goes on.
  func complain(_ id: String, _ reason: String) {
    hasFailed = true
    Output.error("vigia: \(id): \(reason)".shown)
  }
}

extension Reply {
  /// The pairs of several answers, one after the other.
  static func pairs(of answers: [FleetQuery.Answer]) -> [(name: [UInt8], value: [UInt8])] {
    answers.flatMap(\.reply.pairs)
  }
}
