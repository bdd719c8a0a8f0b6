import FleetModel

/// How one installation is divided over several sets of keys, each in a slot of a cluster of its own.
///
/// ```
/// prefix agentos, 8 shards      keys of shard 3        channels of all shards
///                               {agentos:03}:events    agentos.control.pause
/// ```
/// The shard of an agent is CRC-32 (IEEE, as in zlib) of its id's bytes, modulo the number of shards: every publisher
/// can reckon it. What belongs to no agent is shard 0's.
package struct Shards: Equatable, Sendable, CustomStringConvertible {
  /// Why a number of shards is none.
  package struct Malformed: Error, Equatable, CustomStringConvertible {
    package let description: String
  }

  /// So many there are at most.
  package static let most = 64

  /// What all their names begin with, without braces.
  package let base: KeyPrefix
  package let count: Int
  /// Which agents are in which.
  package let division: AgentDivision
  /// The prefix of each.
  package let prefixes: [KeyPrefix]

  /// - Parameter count: 2...``most``.
  package init(_ count: Int, of base: KeyPrefix) throws(Malformed) {
    guard (2...Self.most).contains(count) else {
      throw Malformed(description: "shards: a number from 2 to \(Self.most)")
    }
    guard base.shard == nil else {
      throw Malformed(description: "\(base) is one shard already; give the prefix of all, \(base.channels)")
    }
    guard base.hashTag == nil || base.text == "{\(base.channels)}" else {
      throw Malformed(description: "the prefix of shards has no hash tag: each gets one of its own")
    }
    guard base.channels.utf8.count <= KeyPrefix.mostBytes - 5 else {
      throw Malformed(description: "the prefix of shards has at most \(KeyPrefix.mostBytes - 5) bytes")
    }
    self.base = base
    self.count = count
    division = AgentDivision(count)
    prefixes = (0..<count).map { KeyPrefix(shard: $0, of: base) }
  }

  /// What stands for the prefixes of all of them where rights are given by patterns of keys.
  package var pattern: KeyPrefix { KeyPrefix(patternOf: base) }

  /// The shard of an agent, 0..<count.
  package func shard(of agent: AgentID) -> Int { division.shard(of: agent) }

  /// The shard of an id's bytes. That of none is 0.
  package func shard(ofBytes id: UnsafeRawBufferPointer) -> Int { division.shard(ofBytes: id) }

  /// What is wrong if a handler divides the fleet otherwise than this program; nil if it does not.
  package func fault(of lease: Lease) -> String? {
    guard let other = lease.shards, other != count else { return nil }
    return "number of shards: \(count) here, \(other) of handler \(lease.id): start both with the same --shards"
  }

  package var description: String { "\(base.channels) in \(count) shards" }
}
