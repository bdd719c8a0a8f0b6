/// Which agents of a fleet are in which shard. Each shard is led by one handler.
///
/// The shard of an agent is CRC-32 (IEEE, as in zlib) of its id's bytes, modulo the number of shards. What belongs to no
/// agent is shard 0's.
package struct AgentDivision: Equatable, Sendable {
  /// A fleet that is not divided: all is shard 0's.
  package static let whole = AgentDivision(1)

  /// How many shards there are, 1...255.
  package let count: Int

  package init(_ count: Int) { self.count = min(max(1, count), 255) }

  /// The shard of an agent, 0..<count.
  package func shard(of agent: AgentID) -> Int {
    count == 1 ? 0 : agent.bytes.withUnsafeBytes { shard(ofBytes: $0) }
  }

  /// The shard of an id's bytes. That of none is 0.
  package func shard(ofBytes id: UnsafeRawBufferPointer) -> Int {
    count == 1 || id.isEmpty ? 0 : Int(CRC32.of(id) % UInt32(count))
  }
}

/// CRC-32 of IEEE 802.3, reflected, as zlib and Python's `zlib.crc32` reckon it.
package enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  }

  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      ~bytes.reduce(~UInt32(0)) { crc, byte in crc >> 8 ^ table[Int((crc ^ UInt32(byte)) & 0xFF)] }
    }
  }
}
