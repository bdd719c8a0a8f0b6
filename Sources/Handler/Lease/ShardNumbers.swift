import Wire

/// Into how many shards the fleet is divided, as it stands in Redis: a handler that was told another number leads nothing,
/// for it would look for agents where they are not.
struct ShardNumbers {
  private let shards: Shards
  /// What shard 00 says for all; nil as long as it has not.
  private var common: Int?
  /// What each shard's own cursor says; nil as long as it has said nothing.
  private var own: [Int?]

  init(_ shards: Shards) {
    self.shards = shards
    own = Array(repeating: nil, count: shards.count)
  }

  /// - Parameters:
  ///   - number: 0 for what is no number.
  ///   - shard: where it stands; nil for shard 00, where it holds for all.
  mutating func note(_ number: Int, of shard: Int?) {
    if let shard { own[shard] = number } else { common = number }
  }

  /// Whether this handler's number is known to be a shard's.
  ///
  /// If shard 00 cannot be asked, what was written at the shard itself will do.
  func allows(_ shard: Int) -> Bool {
    fault == nil && (common ?? own[shard]) == shards.count
  }

  /// Which number is wrong and what to do; nil if none is.
  var fault: String? {
    guard let other = ([common] + own).compactMap(\.self).first(where: { $0 != shards.count }) else { return nil }
    let field = "field \(String(decoding: Keys.shardsField, as: UTF8.self)) of \(shards.prefixes[0]):cursor"
    guard other > 0 else {
      return "the \(field) is no number of shards: write there into how many the fleet is divided"
    }
    return "the fleet \(shards.base.channels) is divided into \(other) shards (\(field)) and this handler was told "
      + "\(shards.count): start it with --shards \(other), or \(Self.one)"
  }

  private static let one = "give a fleet that is divided anew another prefix"
}
