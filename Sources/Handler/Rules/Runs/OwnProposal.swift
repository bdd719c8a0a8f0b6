import Automation
import Execution
import FleetModel
import Redis
import Wire

/// What the handler would do of its own accord, if a person says so: a proposal as a rule's is, with the run that an
/// approval begins.
struct OwnProposal {
  let rule: OwnRule
  /// The agent that it is about: one of its rule has one proposal at a time.
  let agent: AgentID
  let actions: [PlannedAction]
  /// Why.
  let reason: String
  let madeAt: Instant
  let expiresAt: Instant

  /// The same whoever makes it, of one rule, agent and moment.
  var id: ProposalID { ProposalID("rule/\(rule.rawValue)/\(madeAt.milliseconds)/\(agent.keyPart)") }

  /// What an approved one does first is known by this.
  static func command(of id: ProposalID) -> CommandID { RunRecord.id(of: id.text, .ruleActions, 0) }

  private var record: RunRecord {
    RunRecord(rule: rule.rawValue, agent: agent, event: "", reason: reason.clipped, ruleActions: actions)
  }

  /// Makes it: it waits for a person until it expires.
  func write(_ session: LeaseSession, to transaction: inout Transaction) {
    let (keys, record) = (session.keys, record)
    let proposal = record.proposal(id, madeAt: madeAt, expiresAt: expiresAt)
    let stays = HandlerOptions.marksStay.milliseconds + (expiresAt - madeAt).milliseconds
    transaction.change("SET", keys.mark(id.text), record.encoded, "PX", stays)
    transaction.change("HSET", keys.proposals, id.text, ProposalCoding.encode(proposal))
    transaction.change("ZADD", keys.schedule, expiresAt, Job(.proposalEnd(id), agent).encoded)
    var line = session.ruleLine(
      .proposed, of: id.text, rule: rule.rawValue, target: agent, reason: record.reason,
      detail: "approving \(actions.effect)")
    line.proposal = proposal
    transaction.add(line, keys)
  }

  /// What has become of one, as Redis has it.
  enum Answer: Equatable {
    /// It waits for a person.
    case open
    /// It was approved: its run is about to begin, or has begun.
    case approved
    /// It was declined or taken back, or has expired.
    case ended
  }

  /// What ``answer(_:)`` wants: two requests for each.
  static func requests(_ id: ProposalID, _ keys: Keys) -> [Request] {
    [Request("HGET", keys.proposals, id.text), Request("GET", keys.mark(id.text))]
  }

  /// What has become of one that was made within the last two days: the run of one that is not to begin is gone.
  static func answer(_ replies: some Collection<Reply>) -> Answer {
    guard let proposal = replies.first, proposal.bytes == nil else { return .open }
    return replies.dropFirst().first?.bytes == nil ? .ended : .approved
  }

  /// Takes one back that nobody has answered.
  ///
  /// - Parameters:
  ///   - stored: what stands of it, as it was read.
  ///   - why: why it is not proposed any more.
  /// - Returns: what the transaction is to be run with; nil if what stands is no open proposal: then nothing is added.
  static func withdraw(
    _ id: ProposalID, stored: [UInt8], because why: String, _ session: LeaseSession, in transaction: inout Transaction
  ) -> Change? {
    guard var proposal = try? ProposalCoding.decode(stored, field: Array(id.text.utf8)), proposal.state == .open else {
      return nil
    }
    let keys = session.keys
    transaction.require("HGET", keys.proposals, id.text, is: stored)
    transaction.change("HDEL", keys.proposals, id.text)
    transaction.change("ZREM", keys.schedule, Job(.proposalEnd(id), proposal.agent).encoded)
    RuleState.end(proposal, keys, in: &transaction)
    proposal.state = .expired
    var line = session.ruleLine(
      .expired, of: id.text, rule: proposal.rule, target: proposal.agent, reason: proposal.reason,
      detail: "taken back: \(why)".clipped)
    line.proposal = proposal
    transaction.add(line, keys)
    return Change(proposal: proposal)
  }
}
