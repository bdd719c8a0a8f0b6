import FleetModel
import Redis
import Wire

/// What events mean to the handler: keeps the fleet by which alerts are opened and closed, and tells what runtimes
/// report of commands.
///
/// A class apart from who reads, so that replies on their way may hold it.
final class EventJudge {
  /// A runtime's `agent.status` that names a command.
  struct Report: Equatable {
    var agent: AgentID
    var command: CommandID
    var state: AgentState?
    var at: Instant
  }

  private let term: Term
  private let notify: (Report) -> Void
  private let reader = EventReader()
  var fleet = Fleet(seed: .random(in: .min ... .max), keepsHistory: false, tracksAlertChanges: true)
  /// The last entry that was taken; nil until it is known where to begin.
  var position: StreamID?

  init(term: Term, notify: @escaping (Report) -> Void) {
    self.term = term
    self.notify = notify
  }

  /// Takes the entry after the last one.
  func take(_ entry: Entry) {
    position = entry.id
    if entry.channel.isEqual(to: term.keys.recorderChannel) { return }
    let instant = entry.id.instant
    do throws(Unreadable) {
      try reader.read(entry, receivedAt: instant) { apply($0) }
    } catch {
      fleet.applyUnreadable(reason: error.description, at: instant)
    }
  }

  private func apply(_ event: borrowing Event) {
    fleet.apply(event)
    guard event.kind == .status, let id = event.string(.commandID), !id.isEmpty,
      term.now - event.receivedAt <= term.options.actWithin
    else { return }
    notify(
      Report(
        agent: event.agentID, command: CommandID(id), state: event.string(.state).flatMap(AgentState.init(rawValue:)),
        at: event.receivedAt))
  }

  /// The agent that says it stands in for another.
  func backup(of id: AgentID) -> AgentID? {
    fleet.agents.lazy.compactMap(\.self).first { $0.deletedAt == nil && AgentID($0.backupFor) == id }?.id
  }

  /// The alert as it is open at present.
  func open(_ id: AlertID) -> AlertRecord? {
    fleet.position(of: id.agent).flatMap { fleet.alert(id.kind, ofAgentAt: $0) }?.record
  }
}
