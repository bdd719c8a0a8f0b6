import FleetModel
import Redis
import Wire

/// Which shards of a divided fleet have no handler, and which do not answer.
struct ShardsStanding {
  var count: Int
  var missing = MissingShards()
  var withoutHandler: [Int] = []
  /// Where the rules' switch stands in each, if shards differ or do not say it.
  var automation: String?

  /// Lines of `vigia status`.
  var lines: [String] {
    (missing.labelledWords.map { ["shards      \($0)"] } ?? [])
      + (withoutHandler.isEmpty ? [] : ["shards      \(ShardNames.numbers(withoutHandler)) have no handler"])
  }

  var json: JSONValue {
    func list(_ shards: [Int]) -> JSONValue { .array(shards.sorted().map { .string(ShardNames.number($0)) }) }
    return [
      "count": .integer(Int64(count)), "unreachable": list(missing.shards),
      "without_handler": list(withoutHandler), "automation": automation.map { .string($0) },
    ]
  }
}

extension HandlerLeaseStatus {
  /// The handlers of all shards as one: alive only if each shard has one.
  static func merged(_ all: [HandlerLeaseStatus], _ shards: Shards) -> HandlerLeaseStatus {
    var leases: [Lease] = []
    for status in all {
      switch status {
      case .absent, .unknown: break
      case .alive(let lease): leases.append(lease)
      }
    }
    if all.contains(.absent) { return .absent }
    guard var merged = leases.first, leases.count == all.count else { return .unknown }
    merged.id = leases.map(\.id).uniqued().joined(separator: " ")
    merged.isRecording = leases.allSatisfy(\.isRecording)
    merged.since = leases.map(\.since).max() ?? merged.since
    merged.fault = leases.lazy.compactMap { shards.fault(of: $0) ?? $0.fault }.first
    merged.warning = leases.lazy.compactMap(\.warning).first
    merged.held = leases.lazy.compactMap(\.held).first
    return .alive(merged)
  }
}
