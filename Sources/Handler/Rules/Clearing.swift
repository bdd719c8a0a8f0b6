import Automation
import FleetModel
import Loop
import Redis
import Wire

/// Watches what rules have acted on until its trouble is over: then the rule may act on it again, and what it is to take
/// back is taken back.
///
/// What is watched stands in the hash `agentos:mark:rules/uncleared`, `<rule>/<agent>` → the run.
final class Clearing {
  private let term: Term
  private let facts: (RunRecord, AgentRecord) -> OccasionFacts
  private let cleared: (_ rule: String, AgentID) -> Void
  /// Rules that have acted on an agent, and when each was looked at last.
  private var watched: [AgentID: [String: MonotonicTime]] = [:]

  /// Agents that are looked at once more, since they said something right after a look.
  private var due: Set<AgentID> = []

  /// An agent that says much is looked at no more often, in milliseconds.
  private static let pause: Int64 = 1000

  /// - Parameters:
  ///   - facts: about the agent of a run, as they are now.
  ///   - cleared: told of what is watched no longer.
  init(
    term: Term, facts: @escaping (RunRecord, AgentRecord) -> OccasionFacts,
    cleared: @escaping (_ rule: String, AgentID) -> Void
  ) {
    self.term = term
    self.facts = facts
    self.cleared = cleared
  }

  private var key: [UInt8] { term.keys.uncleared }

  /// Takes up what earlier handlers have left.
  func start() {
    term.read([Request("HGETALL", key)]) { [weak self] replies in
      for (field, _) in replies[0].pairs {
        guard let slash = field.firstIndex(of: UInt8(ascii: "/")) else { continue }
        self?.watch(String(decoding: field[..<slash], as: UTF8.self), AgentID(bytes: Array(field[(slash + 1)...])))
      }
    }
  }

  func watch(_ rule: String, _ agent: AgentID) {
    watched[agent, default: [:]][rule] = MonotonicTime(nanoseconds: 0)
  }

  var isIdle: Bool { watched.isEmpty }

  /// An agent has said something.
  func look(at agent: AgentID) {
    for (name, last) in watched[agent] ?? [:] {
      guard MonotonicTime.now.milliseconds(since: last) >= Double(Self.pause) else {
        lookLater(at: agent)
        continue
      }
      watched[agent]?[name] = .now
      guard let rule = term.options.runbook.rules.first(where: { $0.id == name }), rule.clear != nil else {
        forget(name, agent)
        continue
      }
      look(at: agent, rule)
    }
  }

  private func lookLater(at agent: AgentID) {
    guard due.insert(agent).inserted else { return }
    term.later(inMilliseconds: Self.pause) { [weak self] in
      self?.due.remove(agent)
      self?.look(at: agent)
    }
  }

  private func forget(_ rule: String, _ agent: AgentID) {
    cleared(rule, agent)
    watched[agent]?[rule] = nil
    if watched[agent]?.isEmpty == true { watched[agent] = nil }
  }

  private func look(at agent: AgentID, _ rule: Rule) {
    let field = Array("\(rule.id)/".utf8) + agent.bytes
    term.read([Request("HGET", key, field), Request("HGETALL", term.keys.agent(agent))]) { [weak self] replies in
      guard let self else { return }
      guard let run = replies[0].bytes else { return forget(rule.id, agent) }
      look(at: agent, rule, field, run, AgentRecordCoding.decode(fields: replies[1].pairs))
    }
  }

  private func look(at agent: AgentID, _ rule: Rule, _ field: [UInt8], _ run: [UInt8], _ now: AgentRecord) {
    term.read([Request("GET", term.keys.mark(run))]) { [weak self] replies in
      guard let self else { return }
      let record =
        replies[0].bytes.flatMap { RunRecord($0) }
        ?? RunRecord(rule: rule.id, agent: agent, event: "", reason: "", deeds: [])
      guard let verdict = rule.clear?.judge(facts(record, now)), verdict.holds else { return }
      clear(rule, record, field, run, verdict.reason)
    }
  }

  private func clear(_ rule: Rule, _ record: RunRecord, _ field: [UInt8], _ run: [UInt8], _ reason: String) {
    let agent = record.agent
    var step = Step()
    step.require("HGET", key, field, is: run)
    step.change("HDEL", key, field)
    let name = String(decoding: run, as: UTF8.self)
    let line = term.ruleLine(.succeeded, of: name, rule: rule.id, reason: reason, detail: "cleared: \(reason)")
    step.add(to: term.keys.audit, AuditCoding.encode(line))
    // With a verification it is that which takes back.
    if rule.verification == nil, !record.undo.isEmpty {
      step.change("ZADD", term.keys.schedule, term.now, Job(.deed(run: name, .undo, 0), agent).encoded)
    }
    term.run(step) { [weak self] outcome in
      guard case .done = outcome else { return }
      self?.forget(rule.id, agent)
      self?.term.onSchedule()
    }
  }
}
