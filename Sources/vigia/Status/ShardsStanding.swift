import FleetModel
import Redis
import Wire

/// Which shards of a divided fleet have no handler, and which cannot be reached.
struct ShardsStanding {
  var count: Int
  /// Why a shard cannot be reached.
  var unreachable: [Int: String] = [:]
  var withoutHandler: [Int] = []
  /// Where the rules' switch stands in each, if shards differ.
  var automation: String?

  /// Lines of `vigia status`.
  var lines: [String] {
    let down = unreachable.keys.sorted()
    return
      (down.isEmpty
      ? [] : ["shards      \(Self.numbers(down)) cannot be reached: \(unreachable[down[0]] ?? "")".shown])
      + (withoutHandler.isEmpty ? [] : ["shards      \(Self.numbers(withoutHandler)) have no handler"])
  }

  /// `shards 02 05 cannot be reached: …`; nil if all can.
  var fault: String? {
    let down = unreachable.keys.sorted()
    return down.first.map { "\(ShardNames.words(down)) cannot be reached: \(unreachable[$0] ?? "")".shown }
  }

  private static func numbers(_ shards: [Int]) -> String { shards.map(ShardNames.number).joined(separator: " ") }

  var json: JSONValue {
    func list(_ shards: [Int]) -> JSONValue { .array(shards.sorted().map { .string(ShardNames.number($0)) }) }
    return [
      "count": .integer(Int64(count)), "unreachable": list(Array(unreachable.keys)),
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
