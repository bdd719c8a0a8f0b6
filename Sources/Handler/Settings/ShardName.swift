/// How a shard is named in the log and in metrics: `03`, as its prefix names it.
enum ShardName {
  static func text(_ shard: Int) -> String { shard < 10 ? "0\(shard)" : "\(shard)" }
}
