import FleetModel
import Loop
import Redis
import Wire

/// Questions to all shards of a fleet, each over a link of its own: the work of a tool that ends by itself. A fleet that is
/// not divided has one.
///
/// A class, since the handlers of its connections share it.
final class FleetQuery {
  let session: Session
  let installation: Installation
  /// One a shard, in their order.
  private(set) var parts: [RedisQuery] = []
  private var missing = 0

  /// Connects to all, does the work, which ends the session, and gives how it ended. A shard that cannot be reached ends it
  /// before the work begins.
  static func run(_ installation: Installation, _ work: @escaping (FleetQuery) -> Void) throws {
    let session = try Session()
    let query = FleetQuery(session, installation, work)
    try session.onInterrupt { session.end(.failed) }
    for part in query.parts { part.start() }
    try withExtendedLifetime(query) { try session.run() }
  }

  private init(_ session: Session, _ installation: Installation, _ work: @escaping (FleetQuery) -> Void) {
    (self.session, self.installation) = (session, installation)
    let all = installation.parts
    missing = all.count
    parts = all.map { part in
      RedisQuery(session, part) { [unowned self] _ in
        missing -= 1
        if missing == 0 { work(self) }
      }
    }
  }

  /// The server's time: that of shard 0's.
  var now: Instant { parts[0].now }

  /// The shard of an agent.
  func part(of agent: AgentID) -> RedisQuery { parts[installation.shards?.shard(of: agent) ?? 0] }

  /// Agents by their shards.
  func grouped(_ agents: [AgentID]) -> [(part: RedisQuery, agents: [AgentID])] {
    Dictionary(grouping: agents) { installation.shards?.shard(of: $0) ?? 0 }
      .sorted { $0.key < $1.key }.map { (part: parts[$0.key], agents: $0.value) }
  }

  // MARK: Asking

  /// Sends each shard a request; an error of one ends the session.
  ///
  /// - Parameters:
  ///   - make: the request to the shard with these keys.
  ///   - completion: gets the answers in the shards' order.
  func send(_ make: (Keys) -> Request, _ completion: @escaping ([Reply]) -> Void) {
    let answers = Answers(parts.count, completion)
    for (index, part) in parts.enumerated() { part.send(make(part.keys)) { answers.take($0, from: index) } }
  }

  /// The same with requests whose refusal is an answer too.
  func ask(_ make: (Keys) -> Request, _ completion: @escaping ([Reply]) -> Void) {
    let answers = Answers(parts.count, completion)
    for (index, part) in parts.enumerated() { part.ask(make(part.keys)) { answers.take($0, from: index) } }
  }

  /// Answers on their way. A class, since the handlers of several connections share it.
  private final class Answers {
    private var replies: [Reply?]
    private var owed: Int
    private let completion: ([Reply]) -> Void

    init(_ count: Int, _ completion: @escaping ([Reply]) -> Void) {
      (replies, owed, self.completion) = (Array(repeating: nil, count: count), count, completion)
    }

    func take(_ reply: Reply, from index: Int) {
      replies[index] = reply
      owed -= 1
      if owed == 0 { completion(replies.compactMap(\.self)) }
    }
  }

  /// Asks for each shard's lease: the handlers as one.
  func askForHandler(_ completion: @escaping (HandlerLeaseStatus) -> Void) {
    ask({ Request("GET", $0.lease) }) { [self] replies in
      let all = replies.map { HandlerLeaseStatus($0) }
      completion(installation.shards.map { .merged(all, $0) } ?? all[0])
    }
  }

  // MARK: Ending

  /// Ends the session: with 1 where something could not be done.
  func end() { session.end(parts.contains(where: \.hasFailed) ? .failed : .done) }

  /// Says what could not be done, and goes on.
  func complain(_ id: String, _ reason: String) { parts[0].complain(id, reason) }
}

extension Reply {
  /// The pairs of several answers, one after the other.
  static func pairs(of replies: [Reply]) -> [(name: [UInt8], value: [UInt8])] { replies.flatMap(\.pairs) }
}
