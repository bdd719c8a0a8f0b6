/// What the handler thinks of each agent, as far as a console shows it, by the agent's position.
package struct InsightBook: Sendable {
  private var insights: [AgentInsight?] = []
  /// In which telling of all each was told.
  private var rounds: [UInt8] = []
  /// The telling that is under way, or was last, of each shard.
  private var round: [UInt8] = [0]
  /// Which shard each is told by; empty as long as there is one.
  private var shards: [UInt8] = []
  /// Positions of agents with a forecast that is open.
  package private(set) var coming: Set<Int> = []
  /// About how many bytes its words take.
  package private(set) var byteCount = 0

  init() {}

  package subscript(position: Int) -> AgentInsight? {
    insights.indices.contains(position) ? insights[position] : nil
  }

  /// The score alone, without copying the words.
  package func health(at position: Int) -> Double? {
    guard insights.indices.contains(position) else { return nil }
    return insights.withUnsafeBufferPointer { $0[position]?.health }
  }

  mutating func set(_ insight: AgentInsight, at position: Int, ofShard shard: Int = 0) {
    provide(shard)
    while insights.count <= position {
      insights.append(nil)
      rounds.append(0)
    }
    remove(at: position)
    let shown = insight.shown
    insights[position] = shown
    rounds[position] = round[shard]
    if shard > 0 || !shards.isEmpty {
      while shards.count <= position { shards.append(0) }
      shards[position] = UInt8(shard)
    }
    byteCount += shown.byteCount
    if !shown.forecasts.isEmpty { coming.insert(position) }
  }

  mutating func remove(at position: Int) {
    guard insights.indices.contains(position), let insight = insights[position] else { return }
    byteCount -= insight.byteCount
    insights[position] = nil
    coming.remove(position)
  }

  /// All are going to be told as they are stored.
  mutating func begin(_ shard: Int = 0) {
    provide(shard)
    round[shard] &+= 1
  }

  /// All of a shard have been told: what was not is not stored any more.
  mutating func end(_ shard: Int = 0) {
    provide(shard)
    for position in insights.indices where self.shard(at: position) == shard && rounds[position] != round[shard] {
      remove(at: position)
    }
  }

  private func shard(at position: Int) -> Int { shards.indices.contains(position) ? Int(shards[position]) : 0 }

  private mutating func provide(_ shard: Int) {
    while round.count <= shard { round.append(0) }
  }
}

extension AgentInsight {
  /// No more of it than a screen has room for.
  fileprivate var shown: AgentInsight {
    var shown = self
    shown.reasons = reasons.map { $0.clipped(toBytes: Self.shownWords) }
    shown.findings = findings.suffix(4).map { found in
      var found = found
      found.words = found.words.clipped(toBytes: Self.shownWords)
      return found
    }
    shown.forecasts = Array(forecasts.prefix(4))
    shown.changes = changes.suffix(8).map { change in
      var change = change
      change.detail = change.detail.clipped(toBytes: Self.shownWords)
      return change
    }
    return shown
  }

  private static let shownWords = 160

  fileprivate var byteCount: Int {
    let words = reasons.reduce(0) { $0 + $1.utf8.count + 16 }
    let found = findings.reduce(0) { $0 + $1.metric.utf8.count + $1.kind.utf8.count + $1.words.utf8.count + 64 }
    let changed = changes.reduce(0) { $0 + $1.kind.utf8.count + $1.detail.utf8.count + 40 }
    return 128 + words + found + changed + forecasts.count * 128
  }
}
