import Loop
import Redis

/// Finds out whether what was written stands on a replica too.
///
/// ```
/// main       ─ transaction ─▶ done ┐                          (answers of others go on meanwhile)
/// confirming                       └─ renew the lease ─ WAIT 1 ─▶ 1: the transaction and the renewal are confirmed
/// ```
/// Why that is right:
/// - WAIT holds up its own connection only, and counts the last write of that connection. So it has one of its own, and
///   writes there first: the lease, by the script that compares the fence.
/// - A server sends its replicas one stream of all that it wrote, in the order in which it wrote. A replica that has the
///   lease's renewal has all that was written before, on whichever connection. So one round confirms every transaction
///   that was answered before the round was sent, and many share one.
/// - Both connections must be with the same server, not with an old primary and a new one: its `run_id` says so.
/// - The script is sent whole (EVAL). By its digest it could be refused as unknown and be sent again behind the WAIT, which
///   would then count an older write.
///
/// Where a group has no replica at present, most of those who promote one (its sentinels, the primaries of its cluster)
/// are asked instead whether this server is still the primary: without them no other can be promoted.
///
/// A class, because the handlers of its link and timers share it.
final class ReplicaConfirmation {
  /// What came of a round.
  enum Outcome: Equatable {
    /// With the server's time, as the script gives it.
    case confirmed(time: Reply)
    /// The lease stands, but on no replica, or nobody knows: the reason in words.
    case unconfirmed(String)
    /// The server refused to renew.
    case refused(ServerError)
  }

  /// What a round writes.
  struct Renewal {
    var keys: [[UInt8]]
    /// As ``LeaseScripts/renew`` has them.
    var arguments: [any RequestArgument]
  }

  private let loop: Loop
  private let endpoint: Endpoint
  private let whereabouts: Whereabouts?
  private lazy var link = Link(loop: loop, endpoint: endpoint) { [weak self] in self?.changed($0) }
  private var isStarted = false
  /// The server that the link is with; nil while it is down or has not told.
  private var runID: String?
  private var isIdentified = false
  /// Counts connections and rounds: an answer from before means nothing.
  private var number = 0
  private var completion: ((Outcome) -> Void)?
  private var timer: Loop.TimerID?

  /// How long a replica has to confirm, in milliseconds. After a round in vain another one begins before the lease ends.
  static let waitSpan: Int64 = 800
  /// How much longer a round may take in all, for what is slow besides replicas.
  private static let patience: Int64 = 400

  init(loop: Loop, endpoint: Endpoint) {
    self.loop = loop
    self.endpoint = endpoint
    whereabouts = Whereabouts.of(endpoint, on: loop)
  }

  /// Whether somebody may make another server the primary by itself, and can be asked.
  ///
  /// - Parameter hasSeenReplica: whether the server was seen to have one.
  func mayBeReplaced(hasSeenReplica: Bool) -> Bool {
    guard let whereabouts, whereabouts.judges != nil else { return false }
    return hasSeenReplica || whereabouts.hasReplicas
  }

  /// Connects, so that rounds can begin.
  func start() {
    guard !isStarted else { return }
    isStarted = true
    link.start()
  }

  func stop() {
    finish(.unconfirmed("it was stopped"))
    link.stop()
  }

  var isBusy: Bool { completion != nil }

  /// Writes the lease, and waits for a replica to have it.
  ///
  /// - Parameters:
  ///   - mainRunID: which server the transactions went to; nil if it does not tell.
  ///   - completion: called once, within 1.2 s, and not before this has returned.
  func confirm(
    _ renewal: Renewal, on mainRunID: String?, by witness: Durability.Witness,
    _ completion: @escaping (Outcome) -> Void
  ) {
    start()
    cancel()
    self.completion = completion
    timer = loop.schedule(inMilliseconds: Self.waitSpan + Self.patience) { [weak self, number] in
      self?.finish(.unconfirmed("no answer for \(Self.waitSpan + Self.patience) ms"), of: number)
    }
    wanted = (renewal, mainRunID, witness)
    send()
  }

  /// Nobody is told any more what comes of the round under way.
  func cancel() {
    loop.cancel(timer)
    number += 1
    (completion, wanted) = (nil, nil)
  }

  /// What waits for the connection.
  private var wanted: (renewal: Renewal, mainRunID: String?, witness: Durability.Witness)?

  private func send() {
    guard let (renewal, mainRunID, witness) = wanted, isIdentified, let connection = link.connection else { return }
    wanted = nil
    let round = number
    guard mainRunID == nil || runID == nil || mainRunID == runID else {
      loop.later { [weak self] in
        self?.finish(.unconfirmed("two connections are with two servers"), of: round)
        self?.link.restart(.misplaced("it is another server than the one that transactions go to"))
      }
      return
    }
    var renewed: Reply?
    let script: [any RequestArgument] = ["EVAL", LeaseScripts.renew, renewal.keys.count]
    connection.send(Request(script + renewal.keys.map { $0 as any RequestArgument } + renewal.arguments)) {
      renewed = try? $0.get()
    }
    guard witness == .judges, let whereabouts else {
      return connection.send(Request("WAIT", 1, Self.waitSpan)) { [weak self] result in
        self?.finish(Self.outcome(renewed, result), of: round)
      }
    }
    let server = connection.endpoint
    // Asked once the renewal is answered: what was written before it came before their answers.
    connection.send(Request("PING")) { [weak self] _ in
      whereabouts.confirm(server) { isConfirmed in
        self?.finish(
          Self.outcome(
            renewed, .success(.integer(isConfirmed ? 1 : 0)),
            "most \(whereabouts.judges ?? "judges") do not confirm that \(server) is the primary"), of: round)
      }
    }
  }

  static func outcome(
    _ renewed: Reply?, _ waited: Result<Reply, ConnectionFailure>, _ words: String = "no replica confirms"
  ) -> Outcome {
    switch (renewed, waited) {
    case (.error(let error)?, _): .refused(error)
    case (_, .failure(let failure)): .unconfirmed("\(failure)")
    case (_, .success(.error(let error))): .unconfirmed("WAIT is refused: \(error)")
    case (let time?, .success(.integer(let count))) where count >= 1: .confirmed(time: time)
    case (nil, .success): .unconfirmed("the lease was not renewed")
    case (_, .success): .unconfirmed(words)
    }
  }

  private func finish(_ outcome: Outcome, of round: Int? = nil) {
    guard round == nil || round == number, let completion else { return }
    loop.cancel(timer)
    self.completion = nil
    wanted = nil
    completion(outcome)
  }

  private func changed(_ notice: Link.Update) {
    (runID, isIdentified) = (nil, false)
    switch notice {
    case .down(let failure): if wanted == nil { finish(.unconfirmed("\(failure)")) }
    case .up(let connection):
      connection.send(ReplicaState.requests[0]) { [weak self, weak connection] result in
        guard let self, let connection, connection === link.connection, case .success(let reply) = result else {
          return
        }
        (runID, isIdentified) = (ReplicaState([reply]).runID, true)
        send()
      }
    }
  }
}
