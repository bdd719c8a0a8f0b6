import Automation
import FleetModel
import Insight

/// Which versions were named worse than another, and which agents are to go back next.
///
/// ```text
///   a difference ─ note ─▶ open ─ take ─▶ some agents are named ─ all of them have left the version ─▶ the next ones
///                            │                    └─ a day later one of them has not ─▶ closed
///                            └─ nobody runs it, or the other version was named worse too ─▶ closed
/// ```
/// A role has one such step at a time. The book is stored in the transaction that publishes what it gives, so a handler
/// that takes over goes on where the one before it stood. A version is named once, whatever becomes of that.
struct RollbackBook {
  /// The agents of a role, as they stand.
  struct Runners {
    /// How many agents the role has.
    var all = 0
    /// How many of them run the version.
    var running = 0
    /// Some of these: all, or as many as one step may take.
    var first: [AgentID] = []

    /// Takes an agent of the role.
    mutating func add(_ agent: AgentID, runs: Bool) {
      all += 1
      guard runs else { return }
      running += 1
      if first.count < RuleAction.mostOfEach { first.append(agent) }
    }
  }

  /// Whether what is stored has been read.
  private(set) var isLoaded = false
  /// The oldest first.
  private(set) var versions: [WorseVersion] = []
  private var isChanged = false
  /// When agents were last looked for.
  private var lookedAt: Instant?

  /// Between two looks: one may go through all agents.
  private static let pause = TimeSpan.minutes(1)
  /// If one of a step has not left the version by then, all of that version is left to people.
  private static let patience = TimeSpan.hours(24)
  /// Ids of one step: ``WorseVersionCoding`` counts on it, and in JSON, where a byte may take six, an event of more than
  /// 64 KiB is not kept whole.
  private static let mostBytes = 4 << 10

  mutating func load(_ stored: [WorseVersion]) { (isLoaded, versions) = (true, stored) }

  /// Takes a difference that was found; of a version that was named before nothing.
  ///
  /// - Parameters:
  ///   - metric: its name.
  ///   - role: of the agents that were compared.
  mutating func note(_ difference: VersionDifference, metric: String, role: String, at now: Instant) {
    guard isLoaded, Self.isWhole(difference.worse), Self.isWhole(difference.better),
      !isNamed(role, difference.worse)
    else { return }
    let words = difference.words(named: metric).clipped(toBytes: TextBound.words)
    versions.append(
      WorseVersion(
        role: role, worse: difference.worse, better: difference.better, metric: metric, words: words, namedAt: now))
    if versions.count > WorseVersion.most { versions.removeFirst(versions.count - WorseVersion.most) }
    isChanged = true
  }

  /// Whether the text is surely all of a version's name: a cut one would be deployed as it stands. A text that was cut has
  /// so many bytes at least, the mark of the cut included.
  private static func isWhole(_ version: String) -> Bool { version.utf8.count < TextBound.word - 3 }

  /// Whether it is time to look for agents that are to go back.
  func isDue(at now: Instant) -> Bool {
    guard versions.contains(where: { !$0.isClosed }) else { return false }
    return lookedAt.map { (now - $0).magnitude >= Self.pause } ?? true
  }

  /// The agents that are to go back now.
  ///
  /// - Parameters:
  ///   - mode: if it is off nobody is named, and nothing is used up.
  ///   - share: of a role's agents so many may go back at once by themselves; one always.
  mutating func take(
    at now: Instant, _ mode: Autonomy, share: Double, in fleet: any VersionedFleet
  ) -> [RollbackEvent] {
    guard isDue(at: now) else { return [] }
    lookedAt = now
    guard mode != .off else { return [] }
    closeSpent(at: now)
    let due = due(in: fleet)
    guard !due.isEmpty else { return [] }
    let runners = fleet.runners(of: due.map { versions[$0] })
    return zip(due, runners).compactMap { index, found in
      step(index, found, atMost: Self.most(mode, of: found.all, share), mode, at: now)
    }
  }

  /// Nobody goes back to what was found to be bad itself, and nobody is waited for any longer than ``patience``.
  private mutating func closeSpent(at now: Instant) {
    for index in versions.indices where !versions[index].isClosed {
      let version = versions[index]
      let age = now - (version.step?.at ?? version.namedAt)
      guard isNamed(version.role, version.better) || age.magnitude >= Self.patience else { continue }
      versions[index].close()
      isChanged = true
    }
  }

  /// The versions whose turn it is: one a role, and none of a role in which somebody is waited for.
  private func due(in fleet: any VersionedFleet) -> [Int] {
    let open = versions.indices.filter { !versions[$0].isClosed }
    var roles = Set(open.filter { waits(versions[$0], fleet) }.map { ExactText(versions[$0].role) })
    return open.filter { roles.insert(ExactText(versions[$0].role)).inserted }
  }

  /// Whether somebody who was named last has not left the version.
  private func waits(_ version: WorseVersion, _ fleet: any VersionedFleet) -> Bool {
    version.step?.agents.allSatisfy { fleet.hasLeft(version.worse, $0) } == false
  }

  /// Names the next agents; if nobody runs the version any more, it is closed.
  private mutating func step(
    _ index: Int, _ found: Runners, atMost most: Int, _ mode: Autonomy, at now: Instant
  ) -> RollbackEvent? {
    isChanged = true
    let agents = Self.short(found.first.prefix(most))
    guard !agents.isEmpty else {
      versions[index].close()
      return nil
    }
    versions[index].step = WorseVersion.Step(agents, at: now)
    return RollbackEvent(version: versions[index], agents: agents, running: found.running, mode: mode, at: now)
  }

  private static func most(_ mode: Autonomy, of all: Int, _ share: Double) -> Int {
    let most = RuleAction.mostOfEach
    return mode == .auto ? min(most, max(1, Int(Double(all) * min(max(share, 0), 1)))) : most
  }

  /// As many as may be named at once.
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
