/// A parameter of an agent that somebody has set, or unset, by the action `tune`.
package struct AgentTuning: Equatable, Sendable {
  package let parameter: String
  /// What it is set to; nil if it is the agent's own again.
  package let value: String?
  /// Who did that last: an operator, a rule or the handler; empty if a handler of an earlier version was told to.
  package let by: String
  /// When; nil if a handler of an earlier version did it.
  package let at: Instant?
  /// The command, or the action of a rule's run, that did it.
  package let command: CommandID?

  /// More of an agent are not kept: what the handler sets or goes by is, and the latest of the others.
  package static let most = 16

  package init(parameter: String, value: String?, by: String = "", at: Instant? = nil, command: CommandID? = nil) {
    (self.parameter, self.value, self.by, self.at, self.command) = (parameter, value, by, at, command)
  }

  /// What it is set to, if that is a number.
  package var number: Double? { value.flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil } }

  /// What the handler puts before the name under which it sets parameters: to share load, and to try settings.
  package static let byLoad = "load/"
  package static let byTrial = "tuning/"

  /// Whether the handler itself gives commands under a name, to set parameters.
  package static func isOwn(_ author: String) -> Bool { author.hasPrefix(byLoad) || author.hasPrefix(byTrial) }

  /// Whether load was shared anew by it.
  package var isOfLoad: Bool { by.hasPrefix(Self.byLoad) || by == "rule/\(OwnRule.load.rawValue)" }

  /// Whether it is kept before those that nobody but people sets.
  fileprivate var comesFirst: Bool { Self.isOwn(by) || parameter.isExactly(LoadSettings.parameter) }

  /// Whether a person set it, or a script that people run. What a person has only approved is the rule's.
  package var isByHand: Bool { !Self.isOwn(by) && !by.hasPrefix("rule/") }

  /// For so long the handler of its own accord leaves alone what a person has set.
  package static let handsOff = TimeSpan.hours(1)

  /// Whether a person has set it a while ago: the handler takes nothing of that back of its own accord.
  package func isOfHand(at now: Instant) -> Bool {
    guard isByHand, let at else { return false }
    return (now - at).magnitude < Self.handsOff
  }
}

extension AgentRecord {
  /// How a parameter was set last; nil if it never was.
  package func tuning(of parameter: String) -> AgentTuning? {
    tunings.isEmpty ? nil : tunings.first { $0.parameter.isExactly(parameter) }
  }

  /// Takes how a parameter is set from now on.
  package mutating func set(_ tuning: AgentTuning) {
    set(tunings: tunings.filter { !$0.parameter.isExactly(tuning.parameter) } + [tuning])
  }

  /// Takes how all parameters are set, by name. Whoever sets many others pushes out nothing that the handler goes by.
  package mutating func set(tunings all: [AgentTuning]) {
    var kept = all
    if kept.count > AgentTuning.most {
      kept.sort {
        $0.comesFirst == $1.comesFirst
          ? ($0.at ?? .epoch, $1.parameter) > ($1.at ?? .epoch, $0.parameter) : $0.comesFirst
      }
      kept.removeLast(kept.count - AgentTuning.most)
    }
    tunings = kept.sorted { $0.parameter < $1.parameter }
  }
}
