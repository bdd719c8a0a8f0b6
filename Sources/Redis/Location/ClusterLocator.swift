import FleetModel
import Loop

/// Finds the primary that owns a slot of a Redis cluster, from any node; a server that is no cluster is itself what is
/// found.
///
/// ```
/// find ─▶ all known nodes are asked for their map ─▶ the first that names an owner nobody doubts, or else the doubted one
/// examine ─▶ the owner itself says that it owns the slot, and that the cluster serves
/// confirm ─▶ most primaries, who choose among the replicas of a dead one, say that it owns the slot
/// MOVED ─▶ doubt with a hint, which is asked first
/// ```
/// Source: the Redis cluster specification, "Clients first connection and handling of redirections".
final class ClusterLocator: Locator {
  private let loop: Loop
  /// What `--redis` named: its host is a node, and its log-in holds for all of them.
  private let seed: Endpoint
  private let slot: Int
  /// Nodes that a map has named, the seed among them.
  private var known: [Endpoint]
  /// Those that own slots, as a map said last; none of what is no cluster.
  private var primaries: [Endpoint] = []
  /// Whether the slot's owner had a replica at any time: without one nobody can take its place.
  private var hasHadReplica = false
  /// Where a node said that the slot is.
  private var hint: Endpoint?
  /// The owner that turned out to own it no more.
  private var doubted: Endpoint?
  private var search: Search?
  /// Those under way that no search waits for.
  private var inquiries: [Inquiry] = []

  /// How long nodes have for their answer, in milliseconds, and how long if they are asked who is the primary still.
  private static let patience: Int64 = 3000
  private static let voteSpan: Int64 = 1000
  /// So many nodes are asked at once.
  private static let mostAsked = 32

  init(_ loop: Loop, seed: Endpoint, slot: Int) {
    self.loop = loop
    self.seed = seed
    self.slot = slot
    known = [seed.ofOneNode]
  }

  /// A look for the owner, under way.
  private final class Search {
    var inquiries: [Inquiry] = []
    var owed = 0
    /// What is taken if nobody knows better.
    var fallback: Endpoint?
    var failure: ConnectionFailure?
    var timer: Loop.TimerID?
    let completion: (Result<Endpoint, ConnectionFailure>) -> Void

    init(_ completion: @escaping (Result<Endpoint, ConnectionFailure>) -> Void) { self.completion = completion }
  }

  var subject: String { "slot \(slot) of the cluster" }

  var activity: String {
    let count = asked.count
    return count == 1
      ? "asking \(seed.ofOneNode) who owns slot \(slot)" : "asking \(count) nodes of the cluster who owns slot \(slot)"
  }

  private var asked: [Endpoint] {
    var all: [Endpoint] = []
    for node in [hint, seed.ofOneNode].compactMap(\.self) + known where !all.contains(node) { all.append(node) }
    return Array(all.prefix(Self.mostAsked))
  }

  // MARK: Finding

  func find(_ completion: @escaping (Result<Endpoint, ConnectionFailure>) -> Void) {
    endSearch()
    let search = Search(completion)
    self.search = search
    let nodes = asked
    search.owed = nodes.count
    search.timer = loop.schedule(inMilliseconds: Self.patience) { [weak self, weak search] in
      if let self, let search { giveUp(search) }
    }
    // Nobody is answered before this has returned. A link may start before the loop turns, so that the turn's own end would
    // come only after it has waited.
    loop.schedule(inMilliseconds: 0) { [weak self, weak search] in
      guard let self, let search, search === self.search else { return }
      for node in nodes { ask(node, search) }
    }
  }

  private func ask(_ node: Endpoint, _ search: Search) {
    search.inquiries.append(
      Inquiry(loop, node, ClusterAnswer.requests, limit: Self.patience) { [weak self, weak search] in
        if let self, let search { heard(ClusterAnswer($1), of: node, search) }
      })
  }

  private func heard(_ answer: ClusterAnswer, of node: Endpoint, _ search: Search) {
    guard search === self.search else { return }
    switch answer {
    case .failed(let failure): fell(failure, search)
    // The node that was named is taken.
    case .noCluster: finish(search, .success(node))
    case .map(let map):
      learn(map, from: node)
      guard let owner = map.owner(of: slot).flatMap({ endpoint(of: $0, toldBy: node) }) else {
        return fell(.notLocated("\(node) knows nobody who serves slot \(slot) of the cluster"), search)
      }
      guard owner == doubted else { return finish(search, .success(owner)) }
      search.fallback = owner
      fell(nil, search)
    }
  }

  /// One node fewer is waited for.
  private func fell(_ failure: ConnectionFailure?, _ search: Search) {
    search.failure = search.failure ?? failure
    search.owed -= 1
    if search.owed <= 0 { giveUp(search) }
  }

  private func giveUp(_ search: Search) {
    guard search === self.search else { return }
    if let fallback = search.fallback { return finish(search, .success(fallback)) }
    let reason = search.failure ?? .silent(milliseconds: Self.patience)
    finish(search, .failure(.notLocated("\(activity): \(reason)")))
  }

  private func finish(_ search: Search, _ result: Result<Endpoint, ConnectionFailure>) {
    endSearch()
    if case .success = result { (hint, doubted) = (nil, nil) }
    search.completion(result)
  }

  private func endSearch() {
    guard let search else { return }
    self.search = nil
    loop.cancel(search.timer)
    for inquiry in search.inquiries { inquiry.cancel() }
  }

  // MARK: What is known

  private func learn(_ map: ClusterMap, from node: Endpoint) {
    let named = map.nodes.compactMap { endpoint(of: $0, toldBy: node) }
    if !named.isEmpty { known = named }
    primaries = map.primaries.compactMap { endpoint(of: $0, toldBy: node) }
    hasHadReplica = hasHadReplica || map.hasReplica(of: slot)
  }

  private func endpoint(of node: ClusterMap.Node, toldBy teller: Endpoint) -> Endpoint? {
    guard case .tcp(let host, _) = teller.address else { return nil }
    var endpoint = seed.ofOneNode
    endpoint.address = .tcp(host: node.host ?? host, port: node.port)
    return endpoint
  }

  // MARK: Judging

  func examine(_ connection: Connection, _ completion: @escaping (ConnectionFailure?) -> Void) {
    let requests = [Request("CLUSTER", "MYID"), Request("CLUSTER", "INFO"), Request("CLUSTER", "SLOTS")]
    var replies: [Reply] = []
    for request in requests {
      connection.send(request) { [weak self, weak connection] in
        guard let self, let connection, case .success(let reply) = $0 else { return }
        replies.append(reply)
        if replies.count == requests.count { completion(judge(replies, connection.endpoint)) }
      }
    }
    connection.flush()
  }

  private func judge(_ replies: [Reply], _ node: Endpoint) -> ConnectionFailure? {
    // Who is no cluster, or may not be asked, is taken as it is.
    if replies[2].error != nil {
      primaries = []
      return nil
    }
    let map = ClusterMap(replies[2])
    learn(map, from: node)
    guard let owner = map.owner(of: slot) else {
      return .misplaced("\(node) knows nobody who serves slot \(slot) of the cluster")
    }
    if let id = replies[0].bytes, !owner.id.isEmpty, id != owner.id {
      hint = endpoint(of: owner, toldBy: node)
      return .misplaced(
        "\(node) does not own slot \(slot) of the cluster, says that \(hint?.description ?? "another") does")
    }
    let isDown = replies[1].text?.split(whereSeparator: \.isNewline).contains("cluster_state:fail") ?? false
    return isDown ? .misplaced("the cluster is down, says \(node): it takes no commands") : nil
  }

  var judges: String? { primaries.isEmpty ? nil : "primaries of the cluster" }
  var hasReplicas: Bool { hasHadReplica }

  func confirm(_ server: Endpoint, _ completion: @escaping (Bool) -> Void) {
    // A cluster that is too large to ask all of it is judged by a part, which may only be too strict.
    let asked = primaries.prefix(Self.mostAsked)
    guard !asked.isEmpty else { return loop.later { completion(false) } }
    let needed = primaries.count / 2 + 1
    var (heard, agreed, isOver) = (0, 0, false)
    for node in asked {
      inquiries.append(
        Inquiry(loop, node, ClusterAnswer.requests, limit: Self.voteSpan) { [weak self] inquiry, outcome in
          guard let self else { return }
          inquiries.removeAll { $0 === inquiry }
          heard += 1
          if case .map(let map) = ClusterAnswer(outcome),
            map.owner(of: slot).flatMap({ self.endpoint(of: $0, toldBy: node) }) == server
          {
            agreed += 1
          }
          guard !isOver, agreed >= needed || heard == asked.count else { return }
          isOver = true
          completion(agreed >= needed)
        })
    }
  }

  func doubt(_ server: Endpoint, hint: String?) {
    doubted = server
    if let hint, let place = Self.place(hint, toldBy: server) { self.hint = place }
  }

  /// The node of `host:port`, or of `:port`, which means the host that said so.
  private static func place(_ text: String, toldBy teller: Endpoint) -> Endpoint? {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0,
      case .tcp(let ownHost, _) = teller.address
    else { return nil }
    let host = text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
    guard host.utf8.count <= 255, Endpoint.isHost(host) else { return nil }
    var endpoint = teller
    endpoint.address = .tcp(host: host.isEmpty ? ownHost : String(host), port: port)
    return endpoint
  }

  // MARK: Following

  /// Nobody tells of a change: who asks for the keys is told by the answer.
  func follow(_ moved: @escaping (Endpoint) -> Void) {}

  func rest() {
    endSearch()
    for inquiry in inquiries { inquiry.cancel() }
    inquiries = []
  }
}
