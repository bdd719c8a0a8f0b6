import FleetModel
import Redis
import Wire

/// How far a stream is archived. `agentos:cursor` holds it under `<stream>#archived`:
///
/// ```text
/// 1795334137846-0 12345 17 2
///       │           │    │ └ entries that the server refused
///       │           │    └ entries that were trimmed before they were archived; `17+` if they may be more
///       │           └ how many entries were ever added up to it; `-` if that is not known
///       └ the last entry that is archived; 0-0 for none
/// ```
/// `<stream>#archiving` holds the last entry of the batch that is on its way, so that a successor sends the same batch
/// again and no other: a server that knows it lets go of it as a whole.
package struct ArchiveCursor: Equatable, Sendable {
  package var last = StreamID.zero
  package var count: Int?
  package var lost = 0
  package var isLostAtLeast = false
  package var refused = 0

  package init(count: Int? = nil) { self.count = count }

  /// Nil for what is no such text.
  package init?(_ stored: [UInt8]) {
    let parts = String(decoding: stored.prefix(256), as: UTF8.self).split(separator: " ")
    guard parts.count == 4, let last = StreamID(Array(parts[0].utf8)),
      let lost = Bounded.count(parts[2].hasSuffix("+") ? parts[2].dropLast() : parts[2]),
      let refused = Bounded.count(parts[3])
    else { return nil }
    (self.last, self.lost, self.refused) = (last, lost, refused)
    isLostAtLeast = parts[2].hasSuffix("+")
    count = Bounded.count(parts[1])
  }

  package var encoded: String {
    "\(last) \(count.map(String.init) ?? "-") \(lost)\(isLostAtLeast ? "+" : "") \(refused)"
  }

  /// Takes note of what was found out about entries that are gone. What the server itself lost was never anybody's.
  mutating func note(_ finding: StreamPlace.Finding) {
    guard case .missed(let missed, _, _) = finding else { return }
    lost = min(lost + min(max(0, missed ?? 1), Bounded.most), Bounded.most)
    if missed == nil { isLostAtLeast = true }
  }

  package static func field(_ stream: [UInt8]) -> [UInt8] { stream + "#archived".utf8 }
  package static func batchField(_ stream: [UInt8]) -> [UInt8] { stream + "#archiving".utf8 }
}
