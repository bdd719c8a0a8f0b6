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
  /// The queue that it is about, if its alert is open, and who has that in hand.
  var queue: QueueStanding?
  var queueHand: QueueTrouble.Hand?
  /// The conversation that it is about, if it waits for a person or a person has it.
  var conversation: WaitingConversation?
  /// The agent's window of maintenance, and how many there are of all agents.
  var window: MaintenanceWindow?
  var windowCount = 0
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
  private var queueHandBytes: [UInt8]?
  private var conversationBytes: [UInt8]?
  private var windowBytes: [UInt8]?
  private var proposalBytes: [UInt8]?
  /// The mode as it stands, if that is asked for; empty if nobody has set it.
  private var modeBytes: [UInt8]?

  /// Reads it.
  static func read(
    _ target: AgentID, mark: MarkKey, for instruction: Instruction, in session: LeaseSession,
    _ completion: @escaping (TargetSnapshot) -> Void
  ) {
    let keys = session.keys
    let parts = parts(for: instruction, target, keys)
    let requests = [Request("HGETALL", keys.agent(target)), mark.get] + parts.map(\.request)
    session.read(requests) { replies in
      let (record, stored) = (replies[0].pairs, replies[1])
      for (field, value) in AgentRecordCoding.malformed(record) {
        session.passOver("\(field) of an agent's record", keys.agent(target), value)
      }
      var snapshot = TargetSnapshot(record: record, mark: stored)
      for (part, reply) in zip(parts, replies.dropFirst(2)) { part.take(&snapshot, reply) }
      completion(snapshot)
    }
  }

  /// Something that only some actions ask for, and what takes its answer.
  private typealias Part = (request: Request, take: (inout TargetSnapshot, Reply) -> Void)

  private static func parts(for instruction: Instruction, _ target: AgentID, _ keys: Keys) -> [Part] {
    var parts: [Part] = []
    if let alert = instruction.alert(of: target) {
      parts.append((Request("HGET", keys.alerts, alert.bytes), { $0.setAlert(alert, $1) }))
    }
    if let address = instruction.address {
      let unblocking = Job(.unblock(address), target).encoded
      parts.append((Request("ZSCORE", keys.blocked, address.description), { $0.longestBlock = $1.instant }))
      parts.append((Request("ZSCORE", keys.schedule, unblocking), { $0.blockedUntil = $1.instant }))
    }
    if let id = instruction.queueAlert {
      parts.append((Request("GET", keys.queues), { $0.setQueue(id, $1) }))
      parts.append((Request("HGET", keys.queueHands, id.text), { $0.setQueueHand($1) }))
    }
    if let id = instruction.conversation {
      parts.append((Request("HGET", keys.waiting, id.text), { $0.setConversation(id, $1) }))
    }
    switch instruction {
    case .tune(let parameter, _):
      let field = AgentTuningCoding.valueField(of: parameter)
      parts.append((Request("HGET", keys.agent(target), field), { $0.setting = $1.text }))
    case .automation: parts.append((Request("GET", keys.automation), { $0.setMode($1) }))
    case .schedule(let name, _), .cancel(let name):
      let job = Job(.run(name), target).encoded
      parts.append((Request("ZSCORE", keys.schedule, job), { $0.scheduledAt = $1.instant }))
    case .approve(let id, _):
      parts.append((Request("GET", keys.automation), { $0.setMode($1) }))
      parts.append((Request("HGET", keys.proposals, id.text), { $0.setProposal(id, $1.bytes ?? []) }))
    case .reject(let id, _):
      parts.append((Request("HGET", keys.proposals, id.text), { $0.setProposal(id, $1.bytes ?? []) }))
    case .planMaintenance, .cancelMaintenance:
      parts.append((Request("HGETALL", keys.maintenance), { $0.setWindows(of: target, $1) }))
    case .pause, .resume, .drain, .restart, .scale, .rateLimit, .activateBackup, .deactivateBackup, .escalate,
      .acknowledge,
      .unacknowledge, .silence, .unsilence, .close, .rebalance, .transfer, .offerCoupon, .rollback, .block, .unblock,
      .notify, .acknowledgeQueue, .unacknowledgeQueue, .undo, .take, .handBack, .closeConversation:
      break
    }
    return parts
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

  private mutating func setQueue(_ id: QueueAlertID, _ reply: Reply) {
    queue = reply.bytes.flatMap { QueueCoding.decode($0) }?.queues.first { $0.alertID == id }
  }

  private mutating func setQueueHand(_ reply: Reply) {
    queueHandBytes = reply.bytes ?? []
    queueHand = reply.bytes.flatMap { QueueCoding.decodeHand($0) }
  }

  private mutating func setWindows(of target: AgentID, _ reply: Reply) {
    let pairs = reply.pairs
    windowCount = pairs.count
    windowBytes = pairs.first { $0.name == target.bytes }?.value ?? []
    window = windowBytes.flatMap { $0.isEmpty ? nil : MaintenanceCoding.decode(target.bytes, $0) }
  }

  private mutating func setConversation(_ id: WaitingConversation.ID, _ reply: Reply) {
    conversationBytes = reply.bytes ?? []
    conversation = reply.bytes.flatMap { WaitingCoding.decode(Array(id.text.utf8), $0) }
  }

  /// Lets a transaction go ahead only while the target stands as it was read.
  func require(for target: AgentID, _ change: Change, keys: Keys, in transaction: inout Transaction) {
    if change.after != nil { transaction.require("HGET", keys.agent(target), "version", is: version) }
    if let alert = change.alert, let alertBytes {
      transaction.require("HGET", keys.alerts, alert.id.bytes, is: alertBytes)
    }
    if let hand = change.queueHand, let queueHandBytes {
      transaction.require("HGET", keys.queueHands, hand.id.text, is: queueHandBytes)
    }
    if let conversation = change.conversation, let conversationBytes {
      transaction.require("HGET", keys.waiting, conversation.id.text, is: conversationBytes)
    }
    if let window = change.window, let windowBytes {
      transaction.require("HGET", keys.maintenance, window.agent.bytes, is: windowBytes)
      // Others may be added at the same time: no more stand there than are kept.
      if window.kept != nil, windowBytes.isEmpty {
        transaction.require("HLEN", keys.maintenance, is: Array("\(windowCount)".utf8))
      }
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
    target: AgentID, snapshot: TargetSnapshot, knownBackup: AgentID? = nil, knownVersion: String? = nil,
    commandID: CommandID, operator: String, reason: String = "", now: Instant, restartLimit: TimeSpan,
    channels: Set<String> = [],
    makesDashboards: Bool = false,
    maintenance: Autonomy = .off
  ) {
    self.init(
      target: target, record: snapshot.record, commandID: commandID, operator: `operator`, reason: reason, now: now,
      restartLimit: restartLimit)
    alert = snapshot.alert
    blockedUntil = snapshot.blockedUntil
    longestBlock = snapshot.longestBlock
    self.knownBackup = knownBackup
    // What it runs since an effect of its own has begun says nothing against that.
    self.knownVersion = snapshot.mark?.intent == nil ? knownVersion : nil
    setting = snapshot.setting
    scheduledAt = snapshot.scheduledAt
    (queue, queueHand) = (snapshot.queue, snapshot.queueHand)
    conversation = snapshot.conversation
    (window, windowCount) = (snapshot.window, snapshot.windowCount)
    (proposal, proposalFault) = (snapshot.proposal, snapshot.proposalFault)
    self.channels = channels
    self.makesDashboards = makesDashboards
    self.maintenance = maintenance
  }
}

extension Reply {
  /// The moment that a sorted set's score is.
  fileprivate var instant: Instant? { bytes.flatMap { Instant(score: $0) } }
}
