import Automation
import FleetModel
import Redis
import Wire

/// How the keys of one rule's marks are spelled: all of each but the event and the agent, put together once.
///
/// | key | what |
/// |---|---|
/// | `mark:<run>` | the run's record; there once it is decided |
/// | `mark:throttle/<n>/<rule>[/<agent>]` | when the rule's n-th throttle was last acted under, or asked for |
/// | `mark:throttle/fleet`, `mark:asked/fleet` | when any rule with a throttle of the fleet acted, and was asked for |
/// | `mark:for/<rule>/<agent>` | the entries for which the condition held |
/// | `mark:limit/<rule>/<agent>`, `mark:rate/<rule>` | when it acted |
/// | `mark:held/<rule>/<agent>` | that a reason to do nothing has been told |
/// | `mark:proposed/<rule>/<agent>` | that a rule with `clear` has proposed something, for as long as that stands |
/// | `mark:proposed/rest/<rule>/<agent>` | that what is beyond a cap has been proposed, for as long as that stands |
///
/// In a dry run all of them begin with `dry/`.
final class MarkSpelling {
  enum Place: Int {
    case run, occurrences, actedOnAgent, acted, held, proposed, rest, throttles

    /// Whether times stand there.
    static func holdsTimes(_ place: Int) -> Bool {
      place >= throttles.rawValue || [occurrences, actedOnAgent, acted].contains { $0.rawValue == place }
    }
  }

  /// What follows the beginning of a key.
  private enum Ending { case nothing, agent, entryAndAgent }

  let rule: Rule
  let isDry: Bool
  /// Nil for what the rule has no use for.
  private let names: [(start: [UInt8], ending: Ending)?]
  /// The places of the keys that it has a use for.
  let places: [Int]
  /// Where stands what has not cleared; nil if the rule has no `clear`.
  let uncleared: [UInt8]?

  init(_ rule: Rule, _ keys: Keys, isDry: Bool) {
    (self.rule, self.isDry) = (rule, isDry)
    func name(_ text: String, _ ending: Ending) -> (start: [UInt8], ending: Ending) {
      (keys.mark((isDry ? "dry/" : "") + text + (ending == .nothing ? "" : "/")), ending)
    }
    let throttles = rule.throttle.enumerated().map { place, throttle in
      switch throttle.per {
      case .agent: name("throttle/\(place)/\(rule.id)", .agent)
      case .rule: name("throttle/\(place)/\(rule.id)", .nothing)
      case .fleet: name(throttle.onceAfter == nil ? "throttle/fleet" : "asked/fleet", .nothing)
      }
    }
    names =
      [
        name("rule/\(rule.id)", .entryAndAgent), rule.for.map { _ in name("for/\(rule.id)", .agent) },
        rule.limits.perAgent.map { _ in name("limit/\(rule.id)", .agent) },
        rule.limits.rate.map { _ in name("rate/\(rule.id)", .nothing) }, name("held/\(rule.id)", .agent),
        name("proposed/\(rule.id)", .agent), rule.mayReachCaps ? name("proposed/rest/\(rule.id)", .agent) : nil,
      ] + throttles
    places = names.indices.filter { [names] in names[$0] != nil }
    uncleared = rule.clear == nil ? nil : keys.uncleared
  }

  /// How many places there are, of keys that it has no use for too.
  var count: Int { names.count }

  /// Whether a key is the same for all agents.
  func isShared(_ place: Int) -> Bool { names[place]?.ending == .nothing }

  /// - Parameter agent: the agent as it is spelled in keys.
  func key(_ place: Int, _ entry: StreamID, _ agent: [UInt8]) -> [UInt8]? {
    guard let (start, ending) = names[place] else { return nil }
    switch ending {
    case .nothing: return start
    case .agent: return start + agent
    case .entryAndAgent: return start + "\(entry)/".utf8 + agent
    }
  }

  /// Appends a key as an argument.
  func append(_ place: Int, _ entry: StreamID, _ agent: [UInt8], to keys: inout EncodedArguments) {
    guard let (start, ending) = names[place] else { return }
    switch ending {
    case .nothing: start.append(to: &keys)
    case .agent: keys.append(start, agent)
    case .entryAndAgent: keys.append(start + "\(entry)/".utf8, agent)
    }
  }
}
