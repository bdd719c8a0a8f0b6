/// The longest that a conversation should wait for a person, by the skill that the person needs.
///
/// Of the entries that fit a skill the first counts; if none does, the usual level.
package struct WaitingLevels: Equatable, Sendable {
  /// One entry of the configuration: which skills it is for, and their level.
  package struct Entry: Equatable, Sendable {
    package var skill: Glob
    package var level: TimeSpan

    package init(skill: Glob, level: TimeSpan) { (self.skill, self.level) = (skill, level) }
  }

  package static let mostEntries = 64
  /// No skill is longer, so no pattern has to be.
  package static let longestSkill = TextBound.word

  package var usual: TimeSpan
  /// The largest usual level of the shards whose levels these are; nil if all of them have the same.
  private var largestUsual: TimeSpan?
  /// No more than ``mostEntries`` of them count.
  package let entries: [Entry]

  package init(usual: TimeSpan = .minutes(5), _ entries: [Entry] = []) {
    (self.usual, self.entries) = (usual, Array(entries.prefix(Self.mostEntries)))
  }

  package func level(of skill: String) -> TimeSpan { entries.first { $0.skill.matches(skill) }?.level ?? usual }

  /// `level 5m`, or `levels 2m to 1h` if skills have some of their own, or shards go by other settings.
  package var words: String {
    let all = [usual, largestUsual ?? usual] + entries.map(\.level)
    let (least, most) = (all.min() ?? usual, all.max() ?? usual)
    return least == most ? "level \(usual.rounded)" : "levels \(least.rounded) to \(most.rounded)"
  }

  /// Those of both, to be named: what counts for a conversation is what its own shard goes by.
  func joined(_ other: WaitingLevels) -> WaitingLevels {
    var both = WaitingLevels(usual: min(usual, other.usual), entries + other.entries.filter { !entries.contains($0) })
    let largest = max(largestUsual ?? usual, other.largestUsual ?? other.usual)
    both.largestUsual = largest == both.usual ? nil : largest
    return both
  }
}
