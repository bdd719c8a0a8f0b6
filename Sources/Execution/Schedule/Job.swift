import FleetModel
import Wire

/// Something that is due at a time: a member of `agentos:schedule`.
///
/// Its JSON says all there is to it but the time, so that setting it again moves it, and taking it out needs no search:
/// `{"action":"resume","target":"agent-0042"}`, `{"action":"unblock_ip","target":"","args":{"ip":"192.0.2.7"}}`,
/// `{"action":"restart_limit","target":"agent-0042","args":{"command_id":"…"}}`, `{"action":"job/analysis","target":"…"}`.
package struct Job: Equatable {
  package enum Kind: Equatable {
    /// A pause ends.
    case resume
    /// A rate limit ends.
    case endRateLimit
    /// A block ends.
    case unblock(IPAddress)
    /// An alert is no longer in anybody's hands.
    case endAcknowledgement(AlertID)
    /// A restart that the runtime has not confirmed counts as failed.
    case restartLimit(CommandID)
    /// Work on an agent that was scheduled.
    case run(JobName)
    /// Such work that its runtime has not reported counts as failed.
    case jobLimit(JobName, run: String)
    /// The next action of a rule's run.
    case ruleAction(run: String, RunRecord.Part, Int)
    /// A look at what a rule's actions have come to.
    case verify(run: String)
    /// A proposal that nobody has answered.
    case proposalEnd(ProposalID)
    /// A proposal that a person has approved: its agent is looked at once more, and then it is done.
    ///
    /// The seal is nil if an older handler wrote it.
    case approved(ProposalID, Seal?)
  }

  /// What a person has approved: what is done must have the same digest.
  package struct Seal: Equatable {
    package var digest: String
    package var madeAt: Instant
    package var expiresAt: Instant

    package init(of proposal: Proposal) {
      (digest, madeAt, expiresAt) = (proposal.digest, proposal.madeAt, proposal.expiresAt)
    }

    package init?(_ arguments: JSONValue) {
      guard let digest = arguments["sha256"]?.text, let made = Instant(stored: arguments["made"]),
        let expires = Instant(stored: arguments["expires"])
      else { return nil }
      (self.digest, madeAt, expiresAt) = (digest, made, expires)
    }
  }

  package var kind: Kind
  /// No agent for a block of the fleet.
  package var target: AgentID

  package init(_ kind: Kind, _ target: AgentID) {
    self.kind = kind
    self.target = target
  }

  package var name: String {
    switch kind {
    case .resume: Action.resume.rawValue
    case .endRateLimit: Action.rateLimit.rawValue
    case .unblock: Action.unblockIP.rawValue
    case .endAcknowledgement: Action.unacknowledge.rawValue
    case .restartLimit: "restart_limit"
    case .run(let job): "job/\(job.rawValue)"
    case .jobLimit: "job_limit"
    case .ruleAction: "rule"
    case .verify: "rule_verify"
    case .proposalEnd: "proposal_end"
    case .approved: "rule_approved"
    }
  }

  /// Whether it goes by what runtimes and events have said: it waits until that has been read.
  package var goesByEvents: Bool {
    switch kind {
    case .restartLimit, .jobLimit, .verify, .approved: true
    case .resume, .endRateLimit, .unblock, .endAcknowledgement, .run, .ruleAction, .proposalEnd: false
    }
  }

  /// Whether it ends what restricts an agent or the fleet: such a one is tried until it is done.
  package var isEnding: Bool {
    switch kind {
    case .resume, .endRateLimit, .unblock, .endAcknowledgement: true
    case .restartLimit, .run, .jobLimit, .ruleAction, .verify, .proposalEnd, .approved: false
    }
  }

  package var encoded: [UInt8] {
    let arguments: JSONValue? =
      switch kind {
      case .resume: nil
      case .endRateLimit: ["per_minute": 0]
      case .unblock(let address): ["ip": .string(address.description)]
      case .endAcknowledgement(let id): ["alert": .string(id.bytes)]
      case .restartLimit(let id): ["command_id": .string(id.text)]
      case .run: nil
      case .jobLimit(let job, let run): ["job": .string(job.rawValue), "run_id": .string(run)]
      case .ruleAction(let run, let part, let place):
        ["run": .string(run), "part": .string(part.rawValue), "place": .integer(Int64(place))]
      case .verify(let run): ["run": .string(run)]
      case .proposalEnd(let id): ["proposal": .string(id.text)]
      case .approved(let id, let seal):
        [
          "proposal": .string(id.text), "sha256": seal.map { .string($0.digest) },
          "made": seal.map { .integer($0.madeAt.milliseconds) },
          "expires": seal.map { .integer($0.expiresAt.milliseconds) },
        ]
      }
    let json: JSONValue = ["action": .string(name), "target": .string(target.bytes), "args": arguments]
    return json.encoded
  }

  /// Nil if the bytes are no job of this version.
  package init?(_ bytes: [UInt8]) {
    guard let json = bytes.withUnsafeBytes({ try? JSONValue.parse($0) }), let name = json["action"]?.text else {
      return nil
    }
    let arguments = json["args"]
    switch name {
    case "resume": kind = .resume
    case "rate_limit": kind = .endRateLimit
    case "unblock_ip":
      guard let address = arguments?["ip"]?.text.flatMap({ IPAddress($0) }) else { return nil }
      kind = .unblock(address)
    case "unack":
      guard let id = arguments?["alert"]?.bytes.flatMap({ AlertID(bytes: $0) }) else { return nil }
      kind = .endAcknowledgement(id)
    case "restart_limit":
      guard let id = arguments?["command_id"]?.text else { return nil }
      kind = .restartLimit(CommandID(id))
    case "job_limit":
      guard let run = arguments?["run_id"]?.text, let job = arguments?["job"]?.text.flatMap(JobName.init(rawValue:))
      else { return nil }
      kind = .jobLimit(job, run: run)
    case "rule":
      guard let run = arguments?["run"]?.text, let place = arguments?["place"]?.int, place >= 0,
        let part = arguments?["part"]?.text.flatMap(RunRecord.Part.init(rawValue:))
      else { return nil }
      kind = .ruleAction(run: run, part, place)
    case "rule_verify":
      guard let run = arguments?["run"]?.text else { return nil }
      kind = .verify(run: run)
    case "proposal_end":
      guard let id = arguments?["proposal"]?.text else { return nil }
      kind = .proposalEnd(ProposalID(id))
    case "rule_approved":
      guard let id = arguments?["proposal"]?.text else { return nil }
      kind = .approved(ProposalID(id), arguments.flatMap { Seal($0) })
    case let name where name.hasPrefix("job/"):
      guard let job = JobName(rawValue: String(name.dropFirst(4))) else { return nil }
      kind = .run(job)
    default: return nil
    }
    target = AgentID(bytes: json["target"]?.bytes ?? [])
  }
}
