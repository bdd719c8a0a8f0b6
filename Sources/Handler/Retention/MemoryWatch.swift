import FleetModel
import Logging
import Redis
import Wire

/// Says what the server's memory is about to do to vigia's keys, before it does.
///
/// With `noeviction` a full server takes no writes. With any other policy it lets go of keys by itself: `allkeys-*` of
/// commands, audit and alerts, `volatile-*` of the lease and of marks, without which something could be done twice.
final class MemoryWatch {
  private let session: LeaseSession
  private let warn: (String?) -> Void
  private var told: String?

  private static let span: Int64 = 10_000
  /// Share of maxmemory from which on it is said.
  private static let full = 0.85

  init(session: LeaseSession, warn: @escaping (String?) -> Void) {
    self.session = session
    self.warn = warn
  }

  func start() {
    session.read([Request("INFO", "memory")]) { [weak self] replies in
      guard let self else { return }
      tell(Self.words(replies[0]))
      session.later(inMilliseconds: Self.span) { [weak self] in self?.start() }
    }
  }

  private func tell(_ words: String?) {
    warn(words)
    guard words?.prefix(20) != told?.prefix(20) else { return }
    told = words
    if let words { session.log(.warning, "the server's memory", ["found": words]) }
  }

  /// What is to be said of an answer to INFO; nil if nothing is.
  static func words(_ reply: Reply) -> String? {
    if let error = reply.error { return "memory unknown: Redis refuses INFO: \(error.code); grant +info" }
    let lines = (reply.text ?? "").split(whereSeparator: \.isNewline)
    func value(_ name: String) -> Substring? {
      lines.first { $0.hasPrefix(name + ":") }?.dropFirst(name.count + 1)
    }
    guard let most = value("maxmemory").flatMap({ Double($0) }), most > 0 else { return nil }
    let policy = value("maxmemory_policy").map(String.init) ?? "noeviction"
    let used = (value("used_memory").flatMap { Double($0) } ?? 0) / most
    let share = "\(Int(min(used, 9.99) * 100)) % of maxmemory used"
    switch policy {
    case "noeviction":
      guard used >= full else { return nil }
      return "Redis memory: \(share): at 100 % it takes no writes; raise maxmemory or shorten retention"
    case _ where policy.hasPrefix("allkeys"):
      return "Redis evicts: policy \(policy): \(share); commands, audit and alerts may vanish; set noeviction"
    default:
      return
        "Redis evicts: policy \(policy): \(share); the lease and the marks that keep actions from running twice may vanish; set noeviction"
    }
  }
}
