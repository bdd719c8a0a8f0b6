import Execution
import FleetModel
import Redis
import Wire

/// A target as it stands in Redis when an action is decided, with the bytes by which the transaction makes sure that it
/// still stands so.
struct TargetSnapshot {
  var record: AgentRecord
  /// What an earlier delivery of the same command left.
  var mark: IdempotencyRecord?
  var alert: AlertRecord?
  /// When the address's block for this target ends.
  var blockedUntil: Instant?
  /// When the longest block of the address ends, for whichever target.
  var longestBlock: Instant?
  /// What a parameter or the mode is set to at present.
  var setting: String?
  /// When the job that it is about is due.
  var scheduledAt: Instant?
  /// The proposal that it is about.
  var proposal: Proposal?
  /// Why what stands in its place is none.
  var proposalFault: ProposalCoding.Fault?
  /// The mark as it stands; empty if there is none.
  private(set) var markBytes: [UInt8]
  /// Whether a value stands in the mark's place that is no text.
  private(set) var isMarkOfAnotherType: Bool
  private var version: [UInt8]
  private var alertBytes: [UInt8]?
  private var proposalBytes: [UInt8]?
  /// The mode as it stands, if that is asked for; empty if nobody has set it.
  private var modeBytes: [UInt8]?

  /// Reads it.
  static func read(
    _ target: AgentID, mark: MarkKey, for instruction: Instruction, in session: LeaseSession,
    _ completion: @escaping (TargetSnapshot) -> Void
  ) {
    let keys = session.keys
    var requests = [Request("HGETALL", keys.agent(target)), mark.get]
    let alert = instruction.alert(of: target)
    if let alert { requests.append(Request("HGET", keys.alerts, alert.bytes)) }
    if let address = instruction.address {
      requests.append(Request("ZSCORE", keys.blocked, address.description))
      requests.append(Request("ZSCORE", keys.schedule, Job(.unblock(address), target).encoded))
    }
    switch instruction {
    case .tune(let parameter, _): requests.append(Request("HGET", keys.agent(target), Change.field(of: parameter)))
    case .automation: requests.append(Request("GET", keys.automation))
    case .schedule(let name, _), .cancel(let name):
      requests.append(Request("ZSCORE", keys.schedule, Job(.run(name), target).encoded))
    case .approve(let id, _), .reject(let id, _):
      requests += [Request("GET", keys.automation), Request("HGET", keys.proposals, id.text)]
    default: break
    }
    session.read(requests) { replies in
      for (field, value) in AgentRecordCoding.malformed(replies[0].pairs) {
        session.passOver("\(field) of an agent's record", keys.agent(target), value)
      }
      var snapshot = TargetSnapshot(record: replies[0].pairs, mark: replies[1])
      if let alert { snapshot.setAlert(alert, replies[2]) }
      if instruction.address != nil { snapshot.longestBlock = replies[2].bytes.flatMap { Instant(score: $0) } }
      snapshot.set(replies.last, for: instruction)
      if case .approve = instruction { snapshot.setMode(replies[2]) }
      completion(snapshot)
    }
  }

  private mutating func set(_ reply: Reply?, for instruction: Instruction) {
    switch instruction {
    case .block, .unblock: blockedUntil = reply?.bytes.flatMap { Instant(score: $0) }
    case .tune: setting = reply?.text
    case .automation: reply.map { setMode($0) }
    case .schedule, .cancel: scheduledAt = reply?.bytes.flatMap { Instant(score: $0) }
    case .approve(let id, _), .reject(let id, _): setProposal(id, reply?.bytes ?? [])
    default: break
    }
  }

  private init(record pairs: [(name: [UInt8], value: [UInt8])], mark: Reply) {
    record = AgentRecordCoding.decode(fields: pairs)
    version = pairs.first { $0.name == Array("version".utf8) }?.value ?? []
    markBytes = mark.mark ?? []
    isMarkOfAnotherType = mark.error?.code == "WRONGTYPE"
    self.mark = mark.mark.flatMap { IdempotencyRecord($0) }
  }

  private mutating func setMode(_ reply: Reply) {
    modeBytes = reply.bytes ?? []
    setting = reply.text
  }

  private mutating func setProposal(_ id: ProposalID, _ bytes: [UInt8]) {
    proposalBytes = bytes
    guard !bytes.isEmpty else { return }
    do throws(ProposalCoding.Fault) {
      proposal = try ProposalCoding.decode(bytes, field: Array(id.text.utf8))
    } catch {
      proposalFault = error
    }
  }

  private mutating func setAlert(_ id: AlertID, _ reply: Reply) {
    alertBytes = reply.bytes ?? []
    alert = reply.bytes.flatMap { AlertCoding.decode(id: id.bytes, payload: $0) }
  }

  /// Lets a transaction go ahead only while the target stands as it was read.
  func require(for target: AgentID, _ change: Change, keys: Keys, in transaction: inout Transaction) {
    if change.after != nil { transaction.require("HGET", keys.agent(target), "version", is: version) }
    if let alert = change.alert, let alertBytes {
      transaction.require("HGET", keys.alerts, alert.id.bytes, is: alertBytes)
    }
    if let proposal = change.proposal, let proposalBytes {
      transaction.require("HGET", keys.proposals, proposal.id.text, is: proposalBytes)
    }
    if let modeBytes { transaction.require("GET", keys.automation, is: modeBytes) }
  }
}

extension PlanningContext {
  /// What an action is judged by: a target as it was read, and what is known around it.
  init(
    target: AgentID, snapshot: TargetSnapshot, knownBackup: AgentID? = nil, commandID: CommandID, operator: String,
    reason: String = "", now: Instant, restartLimit: TimeSpan, channels: Set<String> = [], makesDashboards: Bool = false
  ) {
    self.init(
      target: target, record: snapshot.record, commandID: commandID, operator: `operator`, reason: reason, now: now,
      restartLimit: restartLimit)
    alert = snapshot.alert
    blockedUntil = snapshot.blockedUntil
    longestBlock = snapshot.longestBlock
    self.knownBackup = knownBackup
    setting = snapshot.setting
    scheduledAt = snapshot.scheduledAt
    (proposal, proposalFault) = (snapshot.proposal, snapshot.proposalFault)
    self.channels = channels
    self.makesDashboards = makesDashboards
  }
}
