import Automation
import FleetModel
import Redis
import Wire

/// What follows an action of a run, in the step that ends it: the next one, the look at what they have come to, or the
/// closing line.
struct RunChain {
  let run: String
  let part: RunRecord.Part
  let place: Int
  /// The agent in whose lane it runs.
  let lane: AgentID
  let record: RunRecord
  let term: Term
  /// What has become of the actions before this one, where that is asked for.
  var earlier: [TargetMark?] = []
  /// What the switch says, where it lets no further action begin.
  var stoppedBy: AutomationMode?
  /// Whether a pause that is not done leaves the agent paused all the same, as far as is known.
  var keepsPlace = true

  private var deed: PlannedDeed { record.deeds(of: part)[place] }

  func goOn(after outcome: TargetOutcome, in step: inout Step) {
    settlePlace(outcome.phase, in: &step)
    remember(outcome.phase, in: &step)
    let isBad = outcome.phase == .failed || outcome.phase == .unknown
    if isBad, deed.onError == .stop {
      return stop("\(deed.name) \(outcome.phase.rawValue): \(outcome.detail)", in: &step)
    }
    if place + 1 < record.deeds(of: part).count, stoppedBy == nil {
      return appoint(.deed(run: run, part, place + 1), at: term.now, in: &step)
    }
    guard part == .deeds else { return }
    if let span = record.verifyAfter { return appoint(.verify(run: run), at: term.now + span, in: &step) }
    if let stoppedBy { return close(.skipped, "stopped: automation is \(stoppedBy.rawValue)", in: &step) }
    conclude(earlier.map { $0.map { ($0.phase, $0.detail) } } + [(outcome.phase, outcome.detail)], in: &step)
  }

  /// Says what was done, and of what was not, why.
  private func conclude(_ outcomes: [(phase: AuditLine.Phase, detail: String)?], in step: inout Step) {
    let summary = RunSummary(record, outcomes)
    close(summary.phase, summary.detail, in: &step)
  }

  /// What was done can be taken back, and nothing else: somebody else's would be.
  private func remember(_ phase: AuditLine.Phase, in step: inout Step) {
    guard part == .deeds, phase == .succeeded, !record.undo.isEmpty else { return }
    var record = record
    record.done.insert(place)
    step.change("SET", term.keys.mark(run), record.encoded, "KEEPTTL")
  }

  /// A place among the paused is counted once the agent is, and free again where it is not.
  private func settlePlace(_ phase: AuditLine.Phase, in step: inout Step) {
    guard deed.kind == .action(.pause), deed.target == record.agent else { return }
    if phase == .succeeded {
      PauseLedger.count(record.agent, at: term.now, keys: term.keys, in: &step)
    } else if phase != .unknown, !keepsPlace {
      PauseLedger.release(record.agent, keys: term.keys, in: &step)
    }
  }

  /// Goes no further. What was done so far stands, so the run is looked at at once: what is to be done where it fails is,
  /// or a person is called.
  private func stop(_ why: String, in step: inout Step) {
    var record = record
    record.stopped = why
    if part != .deeds { record.otherwise = [] }
    step.change("SET", term.keys.mark(run), record.encoded, "KEEPTTL")
    appoint(.verify(run: run), at: term.now, in: &step)
    close(.failed, "stopped: \(why)", in: &step)
  }

  private func appoint(_ kind: Job.Kind, at due: Instant, in step: inout Step) {
    step.change("ZADD", term.keys.schedule, due, Job(kind, lane).encoded)
  }

  private func close(_ phase: AuditLine.Phase, _ detail: String, in step: inout Step) {
    let line = term.ruleLine(phase, of: run, rule: record.rule, reason: record.reason, detail: detail)
    step.add(to: term.keys.audit, AuditCoding.encode(line))
  }
}
