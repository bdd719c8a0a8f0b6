import Automation
import Execution
import FleetModel
import Logging
import Redis
import Wire

/// Tells what rules held back: a line of the audit for each event, the mark that it has been told, and a call to a
/// person if one is due. Many go into one transaction, for they come in floods.
final class SuppressionReporter {
  struct Held {
    /// Without its data: nothing that is told speaks of them.
    let trigger: TriggerEvent
    let decision: Decision
    let suppression: Decision.Suppression
    let marks: RuleState

    init(trigger: TriggerEvent, decision: Decision, suppression: Decision.Suppression, marks: RuleState) {
      (self.trigger, self.decision) = (trigger.withoutData, decision)
      (self.suppression, self.marks) = (suppression, marks)
    }

    var rule: Rule { marks.prepared.rule }
  }

  private let session: LeaseSession
  private var waiting: [Held] = []
  private var writing: [Held] = []
  /// When a person was called for what holds all of a rule's agents back.
  private var calledAt: [String: Instant] = [:]

  private static let most = 256
  /// While more wait than this, no more events are to be read.
  private static let mostWaiting = 4000
  /// Told that fewer wait.
  var onWritten: () -> Void = {}

  init(session: LeaseSession) {
    self.session = session
  }

  /// The oldest event that has not been told: the next handler begins with it.
  ///
  /// Events come by urgency, so that any of them may be the oldest.
  var oldest: StreamID? { [writing, waiting].compactMap(Self.oldest).min() }

  static func oldest(_ held: [Held]) -> StreamID? { held.lazy.map(\.trigger.entry).min() }

  private var count: Int { writing.count + waiting.count }

  /// Whether so many wait that no more events are to be read.
  var isFull: Bool { count >= Self.mostWaiting }

  /// Whether there is room enough to read on.
  var isRoomy: Bool { count <= Self.mostWaiting / 2 }

  func add(_ held: Held) {
    waiting.append(held)
    // What a turn brings goes together.
    if waiting.count == 1, writing.isEmpty { session.loop.later { [weak self] in self?.write() } }
  }

  private func write() {
    if writing.isEmpty {
      writing = Array(waiting.prefix(Self.most))
      waiting.removeFirst(writing.count)
    }
    guard !writing.isEmpty, !session.isOver else { return }
    let called = agentsToCallFor()
    guard !called.isEmpty else { return write([]) }
    let requests = called.map {
      Request("HGET", session.keys.alerts, AlertID(.escalation, $0.trigger.agent).bytes)
    }
    session.read(requests) { [weak self] replies in
      self?.write(zip(called, replies).map { ($0, $1.bytes ?? []) })
    }
  }

  /// Of those for whom a person is called one an agent; and where the reason is everybody's, one in all, but where
  /// somebody attacks.
  private func agentsToCallFor() -> [Held] {
    var agents: Set<AgentID> = []
    var reasons: Set<String> = []
    return writing.filter { held in
      guard held.decision.opensEscalation else { return false }
      if isForAll(held) {
        guard isCallDue(reason(held)), reasons.insert(reason(held)).inserted else { return false }
      }
      return agents.insert(held.trigger.agent).inserted
    }
  }

  private func isForAll(_ held: Held) -> Bool {
    held.decision.isOfAll && held.trigger.type != EventKind.securityAlert.type
  }

  /// The reason that is the whole fleet's, whichever rule meets it.
  static let fleet = "fleet"

  private func reason(_ held: Held) -> String {
    held.suppression == .guarded ? Self.fleet : "\(held.rule.id)/\(held.suppression.rawValue)"
  }

  /// Whether nobody has been called for a reason of all agents lately.
  func isCallDue(_ reason: String) -> Bool { calledAt[reason].map { session.now - $0 >= RuleEngine.holdSpan } ?? true }

  func noteCall(_ reason: String) { calledAt[reason] = session.now }

  /// - Parameter called: for whom a person is called, and the agent's escalation as it stands.
  private func write(_ called: [(held: Held, alert: [UInt8])]) {
    var transaction = Transaction()
    var changes: [Change] = []
    for (held, alert) in called {
      changes.append(
        session.openEscalation(
          AlertID(.escalation, held.trigger.agent), stored: alert, "\(held.rule.heading): \(held.decision.reason)",
          to: held.rule.limits.escalateTo, in: &transaction))
    }
    let (now, source) = (session.now, String(decoding: session.keys.events, as: UTF8.self))
    for held in writing {
      let place = called.firstIndex {
        $0.held.trigger.entry == held.trigger.entry && $0.held.rule.id == held.rule.id
          && $0.held.trigger.agent == held.trigger.agent
      }
      add(held, place.flatMap { changes[$0].alert }, at: now, source, to: &transaction)
    }
    session.run(transaction, carrying: changes) { [weak self] outcome in
      guard let self else { return }
      switch outcome {
      case .done:
        for (held, _) in called where isForAll(held) { noteCall(reason(held)) }
        writing = []
        onWritten()
        if !waiting.isEmpty { write() }
      // An escalation has changed meanwhile.
      case .conflict: write()
      case .fenced: break
      case .failed(let error):
        session.log(.error, "cannot write what rules held back; trying again", ["error": error.text])
        session.later(inMilliseconds: 500) { [weak self] in self?.write() }
      }
    }
  }

  /// - Parameters:
  ///   - alert: the call for help that it opens, if it opens one.
  ///   - source: the stream of events.
  private func add(
    _ held: Held, _ alert: AlertRecord?, at now: Instant, _ source: String, to transaction: inout Transaction
  ) {
    held.marks.addSuppression(held.suppression, for: RuleEngine.holdSpan, to: &transaction)
    var line = AuditLine(
      origin: .run(held.trigger.run(of: held.rule)), rule: held.rule.id, phase: .skipped, action: AuditLine.wholeRun,
      target: held.trigger.agent, operator: held.marks.prepared.author, reason: held.decision.reason,
      detail: held.decision.words, handler: session.options.id, at: now, source: source)
    (line.ruleTitle, line.alert) = (held.rule.title, alert)
    transaction.add(line, session.keys)
  }
}
