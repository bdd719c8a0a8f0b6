import Automation
import Execution
import FleetModel
import Loop
import Redis
import Wire

/// Watches what rules have acted on until its trouble is over: then the rule may act on it again, and what it is to take
/// back is taken back.
///
/// What is watched stands in the hash `agentos:mark:rules/uncleared`, `<rule>/<agent>` → the run.
final class RecoveryWatcher {
  private let session: LeaseSession
  private let facts: (RunRecord, AgentRecord) -> RuleFacts
  private let cleared: (_ rule: String, AgentID) -> Void
  private let watches: (Bool) -> Void
  /// Rules that have acted on an agent, and when each was looked at last.
  private var watched: [AgentID: [String: MonotonicTime]] = [:]

  /// Agents that are looked at once more, since they said something right after a look.
  private var due: Set<AgentID> = []

  /// An agent that says much is looked at no more often, in milliseconds.
  private static let pause: Int64 = 1000

  /// - Parameters:
  ///   - facts: about the agent of a run, as they are now.
  ///   - cleared: told of what is watched no longer.
  ///   - watches: told whether any agent is watched.
  init(
    session: LeaseSession, facts: @escaping (RunRecord, AgentRecord) -> RuleFacts,
    cleared: @escaping (_ rule: String, AgentID) -> Void, watches: @escaping (Bool) -> Void
  ) {
    self.session = session
    self.facts = facts
    self.cleared = cleared
    self.watches = watches
  }

  private var key: [UInt8] { session.keys.uncleared }

  static func field(_ rule: String, _ agent: AgentID) -> [UInt8] { Array("\(rule)/".utf8) + agent.bytes }

  /// Takes up what earlier handlers have left, and lets go of what no rule clears any more.
  func start() {
    session.read([Request("HGETALL", key)]) { [weak self] replies in
      guard let self else { return }
      for (field, _) in replies[0].pairs {
        let parts = field.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(decoding: parts[0], as: UTF8.self)
        if parts.count == 2, rule(name) != nil {
          watch(name, AgentID(bytes: Array(parts[1])))
        } else {
          session.log(
            .warning, "no rule of the runbook clears what a rule has acted on",
            ["key": String(decoding: key, as: UTF8.self), "entry": String(decoding: field.prefix(600), as: UTF8.self)])
          drop(field)
        }
      }
    }
  }

  /// The rule of a name, if it has a condition that clears it.
  private func rule(_ name: String) -> Rule? {
    session.options.runbook.rule(name).flatMap { $0.clear == nil ? nil : $0 }
  }

  private func drop(_ field: [UInt8]) {
    var transaction = Transaction()
    transaction.change("HDEL", key, field)
    session.run(transaction) { _ in }
  }

  func watch(_ rule: String, _ agent: AgentID) {
    watched[agent, default: [:]][rule] = MonotonicTime(nanoseconds: 0)
    watches(true)
  }

  /// An agent has said something.
  func look(at agent: AgentID) {
    for (name, last) in watched[agent] ?? [:] {
      guard MonotonicTime.now.milliseconds(since: last) >= Double(Self.pause) else {
        lookLater(at: agent)
        continue
      }
      watched[agent]?[name] = .now
      guard let rule = rule(name) else {
        drop(Self.field(name, agent))
        forget(name, agent)
        continue
      }
      look(at: agent, rule)
    }
  }

  private func lookLater(at agent: AgentID) {
    guard due.insert(agent).inserted else { return }
    session.later(inMilliseconds: Self.pause) { [weak self] in
      self?.due.remove(agent)
      self?.look(at: agent)
    }
  }

  private func forget(_ rule: String, _ agent: AgentID) {
    cleared(rule, agent)
    watched[agent]?[rule] = nil
    if watched[agent]?.isEmpty == true { watched[agent] = nil }
    watches(!watched.isEmpty)
  }

  private func look(at agent: AgentID, _ rule: Rule) {
    let field = Self.field(rule.id, agent)
    session.read([Request("HGET", key, field), Request("HGETALL", session.keys.agent(agent))]) { [weak self] replies in
      guard let self else { return }
      guard let run = replies[0].bytes else { return forget(rule.id, agent) }
      look(at: agent, rule, field, run, AgentRecordCoding.decode(fields: replies[1].pairs))
    }
  }

  private func look(at agent: AgentID, _ rule: Rule, _ field: [UInt8], _ run: [UInt8], _ now: AgentRecord) {
    session.read([Request("GET", session.keys.mark(run))]) { [weak self] replies in
      guard let self else { return }
      guard let record = replies[0].bytes.flatMap({ RunRecord($0) }) else {
        // Nobody knows any more what it was about.
        drop(field)
        return forget(rule.id, agent)
      }
      guard let verdict = rule.clear?.judge(facts(record, now)), verdict.holds else { return }
      clear(rule, record, field, run, verdict.reason)
    }
  }

  private func clear(_ rule: Rule, _ record: RunRecord, _ field: [UInt8], _ run: [UInt8], _ reason: String) {
    let agent = record.agent
    var transaction = Transaction()
    transaction.require("HGET", key, field, is: run)
    transaction.change("HDEL", key, field)
    let name = String(decoding: run, as: UTF8.self)
    // What is to be taken back has to be done first.
    for part in [RunRecord.Part.ruleActions, .otherwise] {
      for place in record.ruleActions(of: part).indices {
        transaction.require(
          "ZSCORE", session.keys.schedule, Job(.ruleAction(run: name, part, place), agent).encoded, is: [])
      }
    }
    let line = session.ruleLine(.succeeded, of: name, rule: rule.id, reason: reason, detail: "cleared: \(reason)")
    transaction.add(line, session.keys)
    // With a verification it is that which takes back.
    if rule.verification == nil, !record.undo.isEmpty {
      transaction.change(
        "ZADD", session.keys.schedule, session.now, Job(.ruleAction(run: name, .undo, 0), agent).encoded)
    }
    session.run(transaction) { [weak self] outcome in
      switch outcome {
      case .done:
        self?.forget(rule.id, agent)
        self?.session.tell(.schedule)
      case .conflict, .failed: self?.lookLater(at: agent)
      case .fenced: break
      }
    }
  }
}
