import FleetModel

/// How an order for several shards stands in each of them: what was done in some of them is not done.
struct SubmissionStanding {
  private var shards: [OrderProgress.Standing: [Int]] = [:]
  private let missing: MissingShards
  private let unsure: Set<Int>

  /// - Parameters:
  ///   - routes: the commands that were sent.
  ///   - missing: the shards that it could not be sent to.
  ///   - unsure: those of them that may have it all the same.
  init(_ routes: [RoutedCommand], _ progress: OrderProgress, _ missing: MissingShards, unsure: Set<Int> = []) {
    (self.missing, self.unsure) = (missing, unsure)
    for (shard, routes) in Dictionary(grouping: routes, by: \.shard) {
      let all = Set(routes.map { progress.standing(of: $0.command.id) })
      // A shard has done it once it has done all of its part.
      guard let worst = OrderProgress.Standing.allCases.last(where: all.contains) else { continue }
      shards[worst, default: []].append(shard)
    }
  }

  /// `done in shards 00 01; not taken up in shard 02; shard 03 does not answer: …; nothing was sent there`. Nil if one
  /// shard has the order, or if all have done it.
  var words: String? {
    let count = shards.values.joined().count
    // What may have been taken is said even of a single shard.
    guard count + missing.shards.count > 1 || !unsure.isEmpty else { return nil }
    guard shards[.done]?.count != count || !missing.isEmpty else { return nil }
    let parts = OrderProgress.Standing.allCases.compactMap { standing in
      shards[standing].map { "\(Self.words(standing)) in \(ShardNames.words($0))" }
    }
    let rest = [
      missing.filter { !unsure.contains($0) }.words.map { "\($0); nothing was sent there" },
      missing.filter(unsure.contains).words.map { "\($0); not known whether it was taken there" },
    ]
    return (parts + rest.compactMap(\.self)).joined(separator: "; ")
  }

  private static func words(_ standing: OrderProgress.Standing) -> String {
    switch standing {
    case .done: "done"
    case .refused: "refused or failed"
    case .underWay: "under way"
    case .notTaken: "not taken up"
    }
  }
}
