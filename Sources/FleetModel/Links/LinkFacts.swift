/// What places are filled with. A value that is not known is nil.
package struct LinkFacts: Equatable, Sendable {
  package var agent: AgentID?
  package var name: String?
  package var role: String?
  package var tier: String?
  package var model: String?
  package var alert: AlertKind?
  package var severity: Severity?
  package var since: Instant?
  package var now: Instant

  package init(at now: Instant) { self.now = now }

  private static let usualSpan = TimeSpan.hours(1)

  package func value(_ place: LinkPlace) -> [UInt8]? {
    func text(_ text: String?) -> [UInt8]? { text.flatMap { $0.isEmpty ? nil : Array($0.utf8) } }
    let start = since ?? now - Self.usualSpan
    return switch place {
    case .agent: agent.flatMap { $0.bytes.isEmpty ? nil : $0.bytes }
    case .name: text(name) ?? agent.flatMap { $0.bytes.isEmpty ? nil : $0.bytes }
    case .role: text(role)
    case .tier: text(tier)
    case .model: text(model)
    case .alert: text(alert?.type)
    case .severity: text(severity?.rawValue)
    case .since: text(start.linkText)
    case .sinceMilliseconds: text("\(start.milliseconds)")
    case .now: text(now.linkText)
    case .nowMilliseconds: text("\(now.milliseconds)")
    }
  }
}
