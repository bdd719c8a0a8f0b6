import FleetModel

/// An alert that a service was told of, as it stands here.
struct ToldAlert: Equatable {
  /// Whose alert it is.
  enum Subject: Hashable {
    case agent(AlertID)
    case queue(QueueAlertID)

    /// Reads a notice's key; nil if it is of no alert.
    ///
    /// - Parameter agent: the first agent that the notice names.
    init?(key: String, agent: AgentID?) {
      let type = key.prefix { $0 != "/" }
      if let kind = AlertKind.allCases.first(where: { $0.type == type }) {
        self = .agent(AlertID(kind, agent ?? .none))
      } else if let queue = QueueAlertID(key) {
        self = .queue(queue)
      } else {
        return nil
      }
    }
  }

  var subject: Subject
  var since: Instant
  /// When people were called last: what a person ended before that is not this.
  var lastCall: Instant
  /// Who has it in hand; nil if nobody has.
  var acknowledgedBy: String?
  var silencedUntil: Instant?
  var silencedBy: String?

  /// An alert of an agent.
  init(_ alert: AlertRecord) {
    subject = .agent(alert.id)
    (since, lastCall) = (alert.since, alert.id.kind == .escalation ? max(alert.since, alert.last) : alert.since)
    acknowledgedBy = alert.acknowledgedBy
    (silencedUntil, silencedBy) = (alert.silencedUntil, alert.silencedBy)
  }

  /// The alert of a queue.
  init(_ id: QueueAlertID, _ trouble: QueueTrouble) {
    subject = .queue(id)
    (since, lastCall) = (trouble.since, trouble.since)
    acknowledgedBy = trouble.hand?.by
  }
}

extension ToldAlert.Subject: CustomStringConvertible {
  /// As commands name it.
  var description: String {
    switch self {
    case .agent(let id): id.description
    case .queue(let id): id.text
    }
  }

  var bytes: [UInt8] {
    switch self {
    case .agent(let id): id.bytes
    case .queue(let id): Array(id.text.utf8)
    }
  }
}
