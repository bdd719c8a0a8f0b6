import FleetModel
import Redis
import Wire

/// Adds up what vigia's keys take in Redis besides its streams, a few keys at a time: marks, notices, profiles, alerts,
/// records.
final class KeySurvey {
  private let term: Term
  private let warn: (String?) -> Void
  /// Bytes and keys so far, by the second part of the name: `mark`, `agent`, `notices`.
  private var sums: [[UInt8]: (bytes: Int64, keys: Int64)] = [:]

  private static let keysABite = 200
  private static let biteMilliseconds: Int64 = 100
  private static let restMilliseconds: Int64 = 600_000

  init(term: Term, warn: @escaping (String?) -> Void) {
    self.term = term
    self.warn = warn
  }

  func start() { scan(from: Array("0".utf8)) }

  private func scan(from cursor: [UInt8]) {
    let pattern = term.keys.prefixPattern
    let request = Request("SCAN", cursor, "MATCH", pattern, "COUNT", Self.keysABite)
    term.read([request]) { [weak self] replies in
      guard let self else { return }
      guard let parts = replies[0].elements, parts.count == 2, let next = parts[0].bytes else {
        return rest()
      }
      measure((parts[1].elements ?? []).compactMap(\.bytes)) { [weak self] in self?.goOn(from: next) }
    }
  }

  private func goOn(from cursor: [UInt8]) {
    guard cursor != Array("0".utf8) else {
      tell()
      return rest()
    }
    term.later(inMilliseconds: Self.biteMilliseconds) { [weak self] in self?.scan(from: cursor) }
  }

  private func rest() {
    sums = [:]
    term.later(inMilliseconds: Self.restMilliseconds) { [weak self] in self?.start() }
  }

  private func measure(_ keys: [[UInt8]], _ completion: @escaping () -> Void) {
    let streams = term.keys.boundedStreams
    let others = keys.filter { key in !streams.contains { key.starts(with: $0) } }
    guard !others.isEmpty else { return completion() }
    term.read(others.map { Request("MEMORY", "USAGE", $0, "SAMPLES", 20) }) { [weak self] replies in
      guard let self else { return }
      for (key, reply) in zip(others, replies) { add(key, reply.integer ?? 0) }
      completion()
    }
  }

  private func add(_ key: [UInt8], _ bytes: Int64) {
    let parts = key.split(separator: UInt8(ascii: ":"), maxSplits: 2)
    let name = parts.count > 1 ? Array(parts[1]) : key
    sums[name, default: (0, 0)].bytes += bytes
    sums[name, default: (0, 0)].keys += 1
  }

  private func tell() {
    let total = sums.values.reduce(0) { $0 + $1.bytes }
    guard total > Int64(term.options.retention.otherBytes) else { return warn(nil) }
    let most = sums.max { $0.value.bytes < $1.value.bytes }
    let name = String(decoding: most?.key ?? [], as: UTF8.self)
    let words =
      "keys take \(Self.megabytes(total)) in Redis: most are \(name): "
      + "\(most?.value.keys ?? 0) keys, \(Self.megabytes(most?.value.bytes ?? 0))"
    term.log(.warning, "vigia's keys in Redis exceed their bound", ["found": words])
    warn(words)
  }

  private static func megabytes(_ bytes: Int64) -> String { "\(bytes >> 20) MB" }
}
