import Automation
import FleetModel
import Redis
import Wire

/// Tells what rules held back: a line of the audit for each event, the mark that it has been told, and a call to a person
/// where one is due. Many go into one step, for they come in floods.
final class HeldEvents {
  struct Held {
    let rule: Rule
    /// Without its data: nothing that is told speaks of them.
    let occasion: Occasion
    let decision: Decision
    let hold: Decision.Hold
    let marks: RuleMarks

    init(rule: Rule, occasion: Occasion, decision: Decision, hold: Decision.Hold, marks: RuleMarks) {
      (self.rule, self.occasion, self.decision) = (rule, occasion.withoutData, decision)
      (self.hold, self.marks) = (hold, marks)
    }
  }

  private let term: Term
  private var waiting: [Held] = []
  private var writing: [Held] = []
  /// When a person was called for what holds all of a rule's agents back.
  private var calledAt: [String: Instant] = [:]

  private static let most = 256
  /// While more wait than this, no more events are to be read.
  private static let mostWaiting = 4000
  /// Told that fewer wait.
  var onWritten: () -> Void = {}

  init(term: Term) {
    self.term = term
  }

  /// The oldest event that has not been told: whoever acts next begins with it.
  ///
  /// Events come by urgency, so that any of them may be the oldest.
  var oldest: StreamID? { [writing, waiting].compactMap(Self.oldest).min() }

  static func oldest(_ held: [Held]) -> StreamID? { held.lazy.map(\.occasion.entry).min() }

  private var count: Int { writing.count + waiting.count }

  /// Whether so many wait that no more events are to be read.
  var isFull: Bool { count >= Self.mostWaiting }

  /// Whether there is room enough to read on.
  var isRoomy: Bool { count <= Self.mostWaiting / 2 }

  func add(_ held: Held) {
    waiting.append(held)
    // What a turn brings goes together.
    if waiting.count == 1, writing.isEmpty { term.loop.later { [weak self] in self?.write() } }
  }

  private func write() {
    if writing.isEmpty {
      writing = Array(waiting.prefix(Self.most))
      waiting.removeFirst(writing.count)
    }
    guard !writing.isEmpty, !term.isOver else { return }
    let called = agentsToCallFor()
    guard !called.isEmpty else { return write([]) }
    let requests = called.map {
      Request("HGET", term.keys.alerts, AlertID(.escalation, $0.occasion.agent).bytes)
    }
    term.read(requests) { [weak self] replies in
      self?.write(zip(called, replies).map { ($0, $1.bytes ?? []) })
    }
  }

  /// Of those for whom a person is called one an agent; and where the reason is everybody's, one in all, but where
  /// somebody attacks.
  private func agentsToCallFor() -> [Held] {
    var agents: Set<AgentID> = []
    var reasons: Set<String> = []
    return writing.filter { held in
      guard held.decision.callsPerson else { return false }
      if isForAll(held) {
        guard isCallDue(reason(held)), reasons.insert(reason(held)).inserted else { return false }
      }
      return agents.insert(held.occasion.agent).inserted
    }
  }

  private func isForAll(_ held: Held) -> Bool {
    held.decision.isOfAll && held.occasion.type != EventKind.securityAlert.type
  }

  /// The reason that is the whole fleet's, whichever rule meets it.
  static let fleet = "fleet"

  private func reason(_ held: Held) -> String {
    held.hold == .guarded ? Self.fleet : "\(held.rule.id)/\(held.hold.rawValue)"
  }

  /// Whether nobody has been called for a reason of all agents lately.
  func isCallDue(_ reason: String) -> Bool { calledAt[reason].map { term.now - $0 >= RuleEngine.holdSpan } ?? true }

  func noteCall(_ reason: String) { calledAt[reason] = term.now }

  /// - Parameter called: for whom a person is called, and the agent's escalation as it stands.
  private func write(_ called: [(held: Held, alert: [UInt8])]) {
    var step = Step()
    var changes: [Change] = []
    for (held, alert) in called {
      changes.append(
        term.callPerson(
          AlertID(.escalation, held.occasion.agent), stored: alert, "rule \(held.rule.id): \(held.decision.reason)",
          to: held.rule.limits.escalateTo, in: &step))
    }
    for held in writing { add(held, to: &step) }
    term.run(step, carrying: changes) { [weak self] outcome in
      guard let self else { return }
      switch outcome {
      case .done:
        for (held, _) in called where isForAll(held) { noteCall(reason(held)) }
        writing = []
        onWritten()
        if !waiting.isEmpty { write() }
      // An escalation has changed meanwhile.
      case .refused: write()
      case .over: break
      case .failed(let error):
        term.log(.error, "cannot write what rules held back; trying again", ["error": error.text])
        term.later(inMilliseconds: 500) { [weak self] in self?.write() }
      }
    }
  }

  private func add(_ held: Held, to step: inout Step) {
    held.marks.addHold(held.hold, for: RuleEngine.holdSpan, to: &step)
    let line = term.ruleLine(
      .skipped, of: held.occasion.run(of: held.rule), rule: held.rule.id, target: held.occasion.agent,
      reason: held.decision.reason, detail: held.decision.words)
    step.add(to: term.keys.audit, AuditCoding.encode(line))
  }
}
