/// Something that happened to an agent, as a line to read: what the security and satisfaction panes list.
package struct Incident: Equatable, Sendable {
  /// Counts the fleet's incidents, from 1: several may come in one millisecond.
  package var number: Int
  package var kind: EventKind
  package var agent: AgentID
  package var at: Instant
  package var severity: Severity?
  /// A few words, taken from the event and not scrubbed.
  package var summary: String
  /// Addresses, complaints or actions, by kind.
  package var items: [String]

  /// What an event says, in a few words.
  package static func summary(of event: borrowing Event) -> String {
    words(of: event).clipped(toBytes: TextBound.words)
  }

  /// The field that a summary is made of; nil if such an event says nothing by words.
  static func summaryField(of kind: EventKind) -> EventField? {
    switch kind {
    case .securityAlert: .alertType
    case .satisfactionLow: .mainComplaints
    case .healthCritical: .issuesDetected
    case .predictiveAlert: .recommendedActions
    case .feedback: .text
    case .anomaly, .runaway, .budget: .detail
    case .created, .updated, .deleted, .metrics, .status, .performanceDegraded, .highTraffic, .handoffRequested,
      .handoffAccepted, .handoffRefused, .waiting, .personAccepted, .personReturned, .conversationEnded, .silent,
      .other:
      nil
    }
  }

  private static func words(of event: borrowing Event) -> String {
    switch event.kind {
    case .securityAlert: (event.string(.alertType) ?? "").swapping("_", for: " ")
    case .satisfactionLow: event.strings(.mainComplaints, limit: 4).joined(separator: ", ")
    case .healthCritical: event.strings(.issuesDetected, limit: 4).joined(separator: ", ").swapping("_", for: " ")
    case .predictiveAlert:
      event.strings(.recommendedActions, limit: 4).joined(separator: ", ").swapping("_", for: " ")
    case .feedback: event.string(.text) ?? ""
    case .anomaly, .runaway, .budget: event.string(.detail) ?? ""
    case .created, .updated, .deleted, .metrics, .status, .performanceDegraded, .highTraffic, .handoffRequested,
      .handoffAccepted, .handoffRefused, .waiting, .personAccepted, .personReturned, .conversationEnded, .silent,
      .other:
      ""
    }
  }
}

/// The latest incidents of each sort, newest last.
package struct RecentIncidents: Sendable {
  package static let limit = 200

  package private(set) var security: [Incident] = []
  package private(set) var satisfaction: [Incident] = []
  /// Steps with every incident.
  package private(set) var additions = 0

  package init() {}

  mutating func add(_ event: borrowing Event, agent: AgentID) {
    let items: [String]
    switch event.kind {
    case .securityAlert: items = event.strings(.suspiciousAddresses, limit: 8)
    case .satisfactionLow: items = event.strings(.mainComplaints, limit: 8)
    case .created, .updated, .deleted, .metrics, .status, .feedback, .performanceDegraded, .highTraffic,
      .healthCritical, .predictiveAlert, .handoffRequested, .handoffAccepted, .handoffRefused, .waiting,
      .personAccepted, .personReturned, .conversationEnded, .silent, .anomaly, .runaway, .budget, .other:
      return
    }
    additions += 1
    let incident = Incident(
      number: additions, kind: event.kind, agent: agent, at: event.receivedAt,
      severity: event.severity(.riskLevel),
      summary: Incident.summary(of: event),
      items: items)
    if event.kind == .securityAlert {
      Self.push(incident, on: &security)
    } else {
      Self.push(incident, on: &satisfaction)
    }
  }

  mutating func add(feedback event: borrowing Event, agent: AgentID) {
    guard let rating = event.metrics[.rating], rating <= 2 else { return }
    additions += 1
    let incident = Incident(
      number: additions, kind: .feedback, agent: agent, at: event.receivedAt, severity: nil,
      summary: Incident.summary(of: event),
      items: event.string(.conversationID).map { [$0] } ?? [])
    Self.push(incident, on: &satisfaction)
  }

  /// Appends, and drops the older half's excess only now and then, so that a storm costs no shifting an event. Newest
  /// stand last.
  private static func push(_ incident: Incident, on list: inout [Incident]) {
    list.append(incident)
    if list.count > 2 * limit { list.removeFirst(limit) }
  }
}
