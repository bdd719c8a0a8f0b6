import Loop

/// One question to one node of a cluster, on a connection of its own: who owns which slots.
///
/// A class, because the connection's and the loop's handlers share it. It holds itself until it has ended.
final class ClusterInquiry {
  enum Outcome {
    case map(ClusterMap)
    /// It is no cluster, or this user may not ask.
    case noCluster
    case failed(ConnectionFailure)
  }

  private let loop: Loop
  private let completion: (ClusterInquiry, Outcome) -> Void
  private var connection: Connection?
  private var timer: Loop.TimerID?
  private var isOver = false

  /// Begins to ask.
  ///
  /// - Parameters:
  ///   - limit: a node that takes longer counts as one that does not answer, in milliseconds.
  ///   - completion: called once, never before this has returned.
  init(
    _ loop: Loop, _ node: Endpoint, limit: Int64, _ completion: @escaping (ClusterInquiry, Outcome) -> Void
  ) {
    self.loop = loop
    self.completion = completion
    timer = loop.schedule(inMilliseconds: limit) { [self] in end(.failed(.silent(milliseconds: limit))) }
    do throws(ConnectionFailure) {
      connection = try Connection(loop: loop, endpoint: node, onReady: {}) { [self] in end(.failed($0)) }
    } catch {
      loop.later { [self] in end(.failed(error)) }
    }
    connection?.send(Request("CLUSTER", "SLOTS")) { [self] result in
      guard case .success(let reply) = result else { return }
      end(reply.error == nil ? .map(ClusterMap(reply)) : .noCluster)
    }
  }

  /// Nobody is told of its end.
  func cancel() {
    isOver = true
    letGo()
  }

  private func end(_ outcome: Outcome) {
    guard !isOver else { return }
    isOver = true
    letGo()
    completion(self, outcome)
  }

  private func letGo() {
    loop.cancel(timer)
    let connection = connection
    self.connection = nil
    connection?.close()
  }
}
