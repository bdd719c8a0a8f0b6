import Automation
import FleetModel
import Insight

/// Which versions were named worse than another, and which agents are to go back next.
///
/// ```text
///   a difference ─ note ─▶ open ─ take ─▶ some agents are named ─ all of them have left the version ─▶ the next ones
///                            │                    └─ a day later some still run it ─▶ closed
///                            └─ nobody else runs it, or the other version was named worse too ─▶ closed
/// ```
/// It is stored in the transaction that publishes what it gives, so a handler that takes over goes on where the one before
/// it stood. A version is named once: who was named is not named again, whatever became of it.
struct RollbackBook {
  /// The agents of a role, as they stand.
  struct Runners {
    /// How many agents the role has.
    var all: Int
    /// Those that run the version.
    var running: [AgentID]
  }

  /// Whether what is stored has been read.
  private(set) var isLoaded = false
  /// The oldest first.
  private(set) var versions: [WorseVersion] = []
  private var isChanged = false
  /// When agents were last looked for.
  private var lookedAt: Instant?

  /// All agents are gone through for each look.
  private static let pause = TimeSpan.minutes(1)
  /// Agents that have not left the version by then are left to people.
  private static let patience = TimeSpan.hours(24)
  /// Ids that one event names. In JSON a byte may take six, and an event of more than 64 KiB is not kept whole.
  private static let mostBytes = 8 << 10

  mutating func load(_ stored: [WorseVersion]) { (isLoaded, versions) = (true, stored) }

  /// Takes a difference that was found; of a version that was named before nothing.
  ///
  /// - Parameters:
  ///   - metric: its name.
  ///   - role: of the agents that were compared.
  mutating func note(_ difference: VersionDifference, metric: String, role: String, at now: Instant) {
    guard isLoaded, !isNamed(role, difference.worse) else { return }
    let words = difference.words(named: metric).clipped(toBytes: TextBound.words)
    versions.append(
      WorseVersion(
        role: role, worse: difference.worse, better: difference.better, metric: metric, words: words, namedAt: now))
    if versions.count > WorseVersion.most { versions.removeFirst(versions.count - WorseVersion.most) }
    (isChanged, lookedAt) = (true, nil)
  }

  /// The agents that are to go back now.
  ///
  /// - Parameters:
  ///   - share: of a role's agents so many may go back at once by themselves; one always.
  ///   - runners: finds those of a role that run a version.
  mutating func take(
    at now: Instant, _ mode: RollbackMode, share: Double, _ runners: (_ role: String, _ version: String) -> Runners
  ) -> [RollbackEvent] {
    guard isDue(at: now) else { return [] }
    lookedAt = now
    return versions.indices.compactMap { index in
      let before = versions[index]
      guard !before.isClosed else { return nil }
      let event = take(index, at: now, mode, share, runners)
      if versions[index] != before { isChanged = true }
      return event
    }
  }

  private func isDue(at now: Instant) -> Bool {
    guard versions.contains(where: { !$0.isClosed }) else { return false }
    return lookedAt.map { (now - $0).magnitude >= Self.pause } ?? true
  }

  private mutating func take(
    _ index: Int, at now: Instant, _ mode: RollbackMode, _ share: Double,
    _ runners: (_ role: String, _ version: String) -> Runners
  ) -> RollbackEvent? {
    let version = versions[index]
    let asked = version.asked
    // Nobody goes back to what was found to be bad itself.
    guard !isNamed(version.role, version.better), (now - (asked?.at ?? version.namedAt)).magnitude < Self.patience
    else {
      versions[index].isClosed = true
      return nil
    }
    let found = runners(version.role, version.worse)
    let sorted = found.running.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    let isLater = { (agent: AgentID) in asked.map { $0.upTo.bytes.lexicographicallyPrecedes(agent.bytes) } ?? true }
    let rest = sorted.filter(isLater)
    // One step after the other: who was named before is to have left it.
    guard rest.count == sorted.count else { return nil }
    let agents = Self.short(rest.prefix(Self.most(mode, of: found.all, share)))
    guard let last = agents.last else {
      versions[index].isClosed = true
      return nil
    }
    versions[index].asked = WorseVersion.Asked(upTo: last, at: now)
    return RollbackEvent(version: version, agents: agents, running: sorted.count, mode: mode, at: now)
  }

  private static func most(_ mode: RollbackMode, of all: Int, _ share: Double) -> Int {
    let most = RuleAction.mostOfEach
    return mode == .auto ? min(most, max(1, Int(Double(all) * min(max(share, 0), 1)))) : most
  }

  /// As many as an event may name: rules judge the whole of one that is not too long.
  private static func short(_ agents: some Sequence<AgentID>) -> [AgentID] {
    var bytes = 0
    return Array(
      agents.prefix { agent in
        defer { bytes += agent.bytes.count }
        return bytes == 0 || bytes + agent.bytes.count <= mostBytes
      })
  }

  private func isNamed(_ role: String, _ version: String) -> Bool { versions.contains { $0.isOf(role, version) } }

  /// What is to be stored; nil if it is as it was at the last call.
  mutating func takeChanged() -> [WorseVersion]? {
    guard isChanged else { return nil }
    isChanged = false
    return versions
  }
}
