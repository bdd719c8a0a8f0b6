import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Adds up what vigia's keys take in Redis besides its streams, a few keys at a time: marks, notices, profiles, alerts,
/// records. Where they take more than they may, it lets go of what can be done without, see ``SpareKeys``, and says so.
///
/// ```
/// pass: SCAN ─ MEMORY USAGE ─ too much? ─ let go ─ next bite … ─▶ told ─▶ rest
/// rest: DBSIZE each second: many more keys than at the last pass? ─▶ pass; and every ten minutes
/// ```
final class KeySurvey {
  private let session: LeaseSession
  private let warn: (String?) -> Void
  private let trimmer: KeyTrimmer
  /// Bytes and keys so far, by the second part of the name: `mark`, `agent`, `notices`.
  private var sums: [[UInt8]: (bytes: Int64, keys: Int64)] = [:]
  /// What the last pass came to.
  private var last = (bytes: Int64(0), keys: Int64(1))
  /// How many keys the server had at its end, those of others too; nil if it does not tell.
  private var serverKeys: Int64?
  /// How many bytes this pass has let go of.
  private var freed: Int64 = 0
  private var isHurried = false
  private var passedAt = MonotonicTime.now
  private var releasedAt: MonotonicTime?

  /// Keys of a bite, and milliseconds until the next: at rest, and near the bound.
  private static let calm = (keys: 500, wait: Int64(50))
  private static let hurried = (keys: 1000, wait: Int64(20))
  private static let look = (calm: Int64(1000), hurried: Int64(200))
  private static let restMilliseconds = 600_000.0
  /// Of a key, at the least: keys that came since the last pass are taken for as large as the others, and no less.
  private static let leastBytes = 200.0
  /// So many more keys, or this part of them, are looked at anew.
  private static let more = (keys: Int64(500), part: Int64(20))
  /// Shares of the bound: from where on it looks often, from where on it lets go, and down to where.
  private static let near = 0.8
  private static let full = 0.95
  private static let target = 0.9

  private var bound: Double { Double(max(1, session.options.retention.otherBytes)) }

  init(session: LeaseSession, warn: @escaping (String?) -> Void) {
    self.session = session
    self.warn = warn
    trimmer = KeyTrimmer(session: session)
  }

  func start() { begin(estimate: 0) }

  // MARK: A pass

  /// - Parameter estimate: what all keys take by now, about.
  private func begin(estimate: Double) {
    (sums, freed) = ([:], 0)
    isHurried = estimate > bound * Self.near
    scan(from: Array("0".utf8))
  }

  private func scan(from cursor: [UInt8]) {
    let pattern = session.keys.prefixPattern
    let count = isHurried ? Self.hurried.keys : Self.calm.keys
    session.read([Request("SCAN", cursor, "MATCH", pattern, "COUNT", count)]) { [weak self] replies in
      guard let self else { return }
      guard let parts = replies[0].elements, parts.count == 2, let next = parts[0].bytes else { return rest() }
      measure((parts[1].elements ?? []).compactMap(\.bytes)) { [weak self] in self?.goOn(from: next) }
    }
  }

  private func goOn(from cursor: [UInt8]) {
    guard cursor != Array("0".utf8) else { return finish() }
    if Double(found) > bound * Self.near { isHurried = true }
    let wait = isHurried ? Self.hurried.wait : Self.calm.wait
    session.later(inMilliseconds: wait) { [weak self] in self?.scan(from: cursor) }
  }

  private func measure(_ keys: [[UInt8]], _ completion: @escaping () -> Void) {
    let streams = session.keys.boundedStreams
    let history = session.keys.rollups
    // History has a bound of its own.
    let others = keys.filter { key in !key.starts(with: history) && !streams.contains { key.starts(with: $0) } }
    guard !others.isEmpty else { return completion() }
    session.read(others.map { Request("MEMORY", "USAGE", $0, "SAMPLES", 20) }) { [weak self] replies in
      guard let self else { return }
      let measured = zip(others, replies).map { (key: $0, bytes: $1.integer ?? 0) }
      for (key, bytes) in measured { add(key, bytes) }
      guard isTooMuch else { return completion() }
      trimmer.release(measured) { [weak self] bytes in
        self?.freed += bytes
        completion()
      }
    }
  }

  private var found: Int64 { sums.values.reduce(0) { $0 + $1.bytes } }

  /// Whether more is to be let go of: by what the last pass came to, or by what this one has found.
  private var isTooMuch: Bool {
    let known = Double(max(found, last.bytes))
    return known > bound * Self.full && known - Double(freed) > bound * Self.target
  }

  private func add(_ key: [UInt8], _ bytes: Int64) {
    let parts = key.split(separator: UInt8(ascii: ":"), maxSplits: 2)
    let name = parts.count > 1 ? Array(parts[1]) : key
    sums[name, default: (0, 0)].bytes += bytes
    sums[name, default: (0, 0)].keys += 1
  }

  private func finish() {
    last = (found - freed, max(1, sums.values.reduce(0) { $0 + $1.keys }))
    passedAt = .now
    // The oldest go first: more only if that is not enough.
    if Double(last.bytes) > bound * Self.full {
      trimmer.stage = trimmer.stage.next
    } else if freed == 0 {
      trimmer.stage = .told
    }
    tell()
    rest()
  }

  // MARK: Between passes

  private func rest() {
    sums = [:]
    session.read([Request("DBSIZE")]) { [weak self] replies in
      self?.serverKeys = replies[0].integer
      self?.lookLater()
    }
  }

  private func lookLater() {
    let isNear = Double(last.bytes) > bound * Self.near
    session.later(inMilliseconds: isNear ? Self.look.hurried : Self.look.calm) { [weak self] in self?.look() }
  }

  private func look() {
    let rested = MonotonicTime.now.milliseconds(since: passedAt)
    guard rested < Self.restMilliseconds else { return begin(estimate: Double(last.bytes)) }
    guard let serverKeys else { return lookLater() }
    session.read([Request("DBSIZE")]) { [weak self] replies in
      guard let self else { return }
      let new = max(0, (replies[0].integer ?? 0) - serverKeys)
      let mean = max(Self.leastBytes, Double(last.bytes) / Double(last.keys))
      let estimate = Double(last.bytes) + Double(new) * mean
      let hasGrown = new >= max(Self.more.keys, last.keys / Self.more.part) || estimate > bound * Self.full
      // What no stage lets go of is not looked at all the time.
      let canHelp = Double(last.bytes) <= bound * Self.full || trimmer.stage != .tenMinutes || rested > 60_000
      guard hasGrown, canHelp else { return lookLater() }
      begin(estimate: estimate)
    }
  }

  // MARK: Saying it

  private func tell() {
    let released = trimmer.takeReleased()
    if released.bytes > 0 {
      releasedAt = .now
      session.log(
        .warning, "let go of marks, so that vigia's keys stay within their bound",
        [
          "told": "\(released.toldMarks)", "targets": "\(released.targetMarks)", "bytes": "\(released.bytes)",
          "bound": "\(Int(bound))",
        ])
    }
    let isOver = Double(last.bytes) > bound
    let isLettingGo = releasedAt.map { MonotonicTime.now.milliseconds(since: $0) < Self.restMilliseconds } ?? false
    guard isOver || isLettingGo else { return warn(nil) }
    let most = sums.max { $0.value.bytes < $1.value.bytes }
    let name = String(decoding: most?.key ?? [], as: UTF8.self)
    let words =
      "keys take \(Self.megabytes(last.bytes)) of \(Self.megabytes(Int64(bound))) in Redis: most are \(name): "
      + "\(most?.value.keys ?? 0) keys, \(Self.megabytes(most?.value.bytes ?? 0))"
    if isOver { session.log(.warning, "vigia's keys in Redis exceed their bound", ["found": words]) }
    warn(words + (isLettingGo ? "; old marks are let go" : ""))
  }

  private static func megabytes(_ bytes: Int64) -> String { "\(bytes >> 20) MB" }
}
