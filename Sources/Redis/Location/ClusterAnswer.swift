/// What a node says when it is asked who owns which slots.
enum ClusterAnswer {
  case map(ClusterMap)
  /// It is no cluster, or this user may not ask.
  case noCluster
  case failed(ConnectionFailure)

  static let requests = [Request("CLUSTER", "SLOTS")]

  /// - Parameter outcome: of ``requests``.
  init(_ outcome: Inquiry.Outcome) {
    switch outcome {
    case .failure(let failure): self = .failed(failure)
    case .success(let replies): self = replies[0].error == nil ? .map(ClusterMap(replies[0])) : .noCluster
    }
  }
}
