import FleetModel
import Grafana
import HTTP
import Redis
import Wire

/// Marks actions and incidents on Grafana's dashboards.
///
/// Actions it reads in the audit, so that a handler that takes over goes on where the one before was. Of incidents it
/// hears from who saves alerts.
///
/// A class, because it hears of what transactions write.
final class Annotator {
  private let session: LeaseSession
  private let sender: AnnotationSender
  private var tail: AuditTail?
  private var begunAt = Instant.epoch
  /// The targets of each action that has not ended; and these actions, oldest first.
  private var targets: [ExactText: [AgentID]] = [:]
  private var origins: [ExactText] = []
  /// Incidents that go on, as they began.
  private var incidents: [AlertID: Annotation] = [:]

  private static let mostOrigins = 1000
  private static let mostIncidents = 20_000
  /// An action that ended longer ago than this is not told by a handler that takes over.
  private static let reach = TimeSpan.hours(1)

  /// A handler that is killed leaves out no more than its last incidents of this span.
  private static let handover = TimeSpan.minutes(1)

  init(session: LeaseSession, client: any HTTPSender) {
    self.session = session
    sender = AnnotationSender(session: session, client: client)
  }

  func start() {
    session.addObserver(self)
    optionsChanged()
  }

  /// Goes on by other options, or begins, or ends.
  func optionsChanged() {
    guard session.options.grafana?.annotates == true else { return stop() }
    guard tail == nil else { return sender.retry() }
    begunAt = session.now
    session.followsAlerts = true
    let tail = AuditTail(
      AnnotationSender.service, reach: Self.reach, session: session, take: { [weak self] in self?.take($0) },
      told: { [weak self] in self?.sender.hasLines == true ? self?.sender.toldTo : $0 })
    self.tail = tail
    tail.start()
  }

  func stop() {
    session.followsAlerts = false
    tail?.stop()
    sender.stop()
    (tail, targets, origins, incidents) = (nil, [:], [], [:])
  }

  // MARK: Actions

  private func take(_ line: AuditTail.Line) {
    // It hears of incidents without the audit.
    guard !line.line.isAboutAlert else { return }
    let origin = ExactText(line.line.origin.key)
    guard line.line.target == .none else { return note(line.line.target, of: origin) }
    guard line.line.isEnd else { return }
    let agents = targets.removeValue(forKey: origin) ?? []
    let annotation = Annotation(closing: line.line, entry: "\(line.entry)", agents: agents)
    sender.add(.init(annotation: annotation, entry: line.entry, mayBeThere: line.isOld))
  }

  /// An action is for this agent too.
  private func note(_ target: AgentID, of origin: ExactText) {
    if targets[origin] == nil {
      if origins.count >= Self.mostOrigins { targets[origins.removeFirst()] = nil }
      origins.append(origin)
      targets[origin] = []
    }
    guard let known = targets[origin], !known.contains(target), known.count <= Annotation.mostAgents else { return }
    targets[origin]?.append(target)
  }

  // MARK: Incidents

  private func take(_ alert: AlertRecord) {
    guard !alert.isClosed else { return end(alert.id) }
    guard incidents[alert.id] == nil, incidents.count < Self.mostIncidents else { return }
    let annotation = Annotation(alert)
    incidents[alert.id] = annotation
    // Those of long ago were told by the handler before, or are old news; at their end they are looked for.
    guard alert.since > begunAt - Self.handover else { return }
    sender.add(.init(annotation: annotation, mayBeThere: alert.since <= begunAt))
  }

  private func end(_ id: AlertID) {
    guard let annotation = incidents.removeValue(forKey: id) else { return }
    sender.end(annotation.ended(at: session.now))
  }
}

extension Annotator: CommitObserver {
  func committed(_ fact: Committed) {
    guard tail != nil else { return }
    switch fact {
    case .alert(let alert): take(alert)
    case .alertsSaved(let open, let over):
      for alert in open { take(alert) }
      for id in over { end(id) }
    case .record, .schedule, .automation, .unheard, .proposalEnded, .notices, .queueHands, .conversations, .maintenance:
      break
    }
  }
}

extension AuditLine {
  /// Whether it closes an action that was carried out, or was to be.
  fileprivate var isEnd: Bool {
    switch phase {
    case .succeeded, .failed, .unknown, .undone: true
    case .received, .rejected, .proposed, .started, .obeyed, .skipped, .expired: false
    }
  }
}
