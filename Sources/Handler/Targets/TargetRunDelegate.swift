import Execution
import FleetModel
import Wire

/// What acting on targets is for: a command, or a job of the schedule. It says what is to be done to each, and what its
/// transactions carry besides.
///
/// A class, because the runs of its targets share it.
protocol TargetRunDelegate: AnyObject {
  var session: LeaseSession { get }
  /// The id by which runtimes answer, and under which is remembered what was done.
  var id: CommandID { get }
  /// Whose step it is in the audit: an id of a command, or a run's name.
  var origin: String { get }
  /// The id that the version before gave it; nil if it is the same.
  var formerID: CommandID? { get }
  var author: String { get }
  /// What it does, as a verb for people: `pause`.
  var title: String { get }
  /// When it was asked for; nil for what was not at a moment of its own.
  var askedAt: Instant? { get }
  var reason: String { get }
  /// What is read of a target before it is decided.
  var judged: Instruction { get }
  /// What a target is left as where it allows nothing to be done.
  var refusedPhase: AuditLine.Phase { get }

  /// The command's entry, which is in hand until all its targets are through; nil for a job.
  var commandDelivery: Delivery? { get }
  /// The group in which chats hear whom it calls; nil if each call is a message.
  var chatGroup: String? { get }

  /// How long a permission that its transactions lack is waited for, in milliseconds.
  var patience: Double { get }
  /// Whether all is decided and nothing done.
  var isDryRun: Bool { get }

  /// Decides what is done; refused with the reason.
  ///
  /// - Parameter instant: the present, or when an effect that is under way was decided.
  func plan(_ target: AgentID, _ snapshot: TargetSnapshot, at instant: Instant) throws(Refusal) -> Change
  /// Checks of its own, before those of every transaction, and what it says before the transaction's own lines.
  ///
  /// - Parameter isLast: whether the transaction settles its target.
  func check(in transaction: inout Transaction, isLast: Bool)
  /// A transaction of its has gone ahead that does not settle its target, now or before.
  func intentWritten()
  /// Whether the first transaction also tells that the command was received.
  var joinsReception: Bool { get }
  /// Begins a target anew.
  func beginAnew(_ target: AgentID)
  /// Adds to the transaction that writes a target's outcome what belongs to the delegate's own end.
  func complete(_ target: AgentID, _ outcome: TargetOutcome, in transaction: inout Transaction)
  /// That transaction did not go ahead.
  func takeBack(_ target: AgentID)
  /// A target's outcome is written, or was before.
  func settled(_ target: AgentID, _ outcome: TargetOutcome)
  /// A line of the audit.
  func line(_ draft: LineDraft) -> AuditLine
}

extension TargetRunDelegate {
  var origin: String { id.text }
  var formerID: CommandID? { nil }
  var askedAt: Instant? { nil }
  var joinsReception: Bool { false }
  func beginAnew(_ target: AgentID) {}

  /// How people speak of it: `pause agent-7 by alice at 16:02Z`.
  func called(_ target: AgentID) -> String {
    let clock = askedAt.map { " at \(ISO8601.format($0).dropFirst(11).prefix(5))Z" } ?? ""
    return "\(title)\(target == .none ? "" : " \(target)") by \(author)\(clock)"
  }
  var chatGroup: String? { nil }
  var commandDelivery: Delivery? { nil }
  /// What stands in the schedule is nobody's to send again.
  var patience: Double { Double(session.options.permissionPatience.milliseconds) * 30 }
}

/// What a transaction says in the audit of one target.
struct LineDraft {
  var phase: AuditLine.Phase
  var target: AgentID = .none
  var detail = ""
  var before: AgentRecord?
  var after: AgentRecord?
  var alert: AlertRecord?
  var proposal: Proposal?
  var at: Instant?
}
