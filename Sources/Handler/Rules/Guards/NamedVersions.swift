import Automation
import FleetModel
import Redis
import Wire

/// Which versions were named worse than another, as they are stored: read before a rule has agents go back or proposes it,
/// and before what was approved is done.
///
/// An event alone does not do for that: whoever may publish one could name agents and versions of their own choice. What is
/// stored, handlers alone write.
struct NamedVersions {
  private let session: LeaseSession
  /// Whether no person is asked.
  private let actsAlone: Bool
  private var versions: [WorseVersion] = []

  init(_ session: LeaseSession, actsAlone: Bool) { (self.session, self.actsAlone) = (session, actsAlone) }

  private var mode: Autonomy { session.options.insight.rollback }

  /// What must be read; ``take(_:)`` wants the answers.
  var requests: [Request] {
    mode == .off ? [] : [Request("HGET", session.keys.insightRecord, WorseVersionCoding.field)]
  }

  mutating func take(_ replies: some Collection<Reply>) {
    guard let stored = replies.first?.bytes else { return }
    let decoded = WorseVersionCoding.decode(stored)
    if decoded == nil { session.passOver("which versions were named worse", session.keys.insightRecord, stored) }
    versions = decoded ?? []
  }

  /// Why an agent does not go back; nil if it may.
  func fault(of ruleAction: PlannedAction) -> String? {
    guard mode == .auto || mode == .propose && !actsAlone else {
      return "the settings have rollback = \"\(mode.rawValue)\""
    }
    let version = ruleAction.arguments["version"] ?? ""
    guard let role = session.fleet?.role(of: ruleAction.target),
      let present = session.fleet?.version(of: ruleAction.target)
    else { return "it has not said its role and version" }
    if present.isExactly(version) { return "it runs version \(version) already" }
    if versions.contains(where: { $0.isOf(role, version) }) { return "version \(version) was named worse itself" }
    guard let named = versions.first(where: { $0.isOf(role, present) && $0.better.isExactly(version) }) else {
      return "version \(present) was not named worse than \(version)"
    }
    let isNamed = named.step?.agents.contains(ruleAction.target) ?? false
    return isNamed ? nil : "it is not among those that are to go back now"
  }
}
