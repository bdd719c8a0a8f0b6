import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// A console over a fleet of the test's own, whose every moment is given.
struct Scene {
  var model: Model

  init(columns: Int = 130, rows: Int = 40, isReadOnly: Bool = false, isDemo: Bool = false) {
    var settings = Model.Settings()
    settings.isDemo = isDemo
    settings.isReadOnly = isReadOnly
    settings.operator = "alice@bastion"
    settings.place = "127.0.0.1:6379"
    model = Model(settings: settings, size: Size(rows: rows, columns: columns))
  }

  /// Link up, history read, handler there, and this late.
  mutating func goLive(at instant: Instant) {
    _ = model.update(.link(.up))
    _ = model.update(.caughtUp)
    _ = model.update(.handler(.alive(id: "h1", isRecording: true)))
    if model.fleet.automation.setting == .unknown { model.fleet.setAutomation(.set(.on), at: .at(0)) }
    tick(instant)
  }

  mutating func tick(_ instant: Instant) { _ = model.update(.tick(instant)) }

  /// Presses keys one after another; what is to be done outside comes back.
  @discardableResult
  mutating func press(_ keys: Key...) -> [Effect] { keys.flatMap { model.update(.key($0)) } }

  /// Types a text letter by letter.
  @discardableResult
  mutating func type(_ text: String) -> [Effect] { text.flatMap { model.update(.key(.character($0))) } }

  mutating func draw(_ glyphs: Glyphs = .unicode) -> Grid {
    var grid = Grid(size: model.size, glyphs: glyphs)
    model.draw(into: &grid)
    return grid
  }

  /// The line above the status.
  mutating func promptText() -> String { draw().lines().dropLast().last ?? "" }

  mutating func statusText() -> String { draw().lines().last ?? "" }

  /// The four characters that are asked for.
  var code: String? {
    guard case .code(_, let code, _)? = model.prompt else { return nil }
    return code
  }

  /// The rows of the agents pane.
  var order: [AgentID] { rows(of: .agents) }

  func rows(of pane: PaneID) -> [AgentID] {
    model.lists[pane].compactMap {
      switch $0 {
      case .agent(let id), .incident(let id, _), .forecast(let id, _), .maintenance(let id): id
      case .command, .cause, .queue, .conversation: nil
      }
    }
  }
}

extension Scene {
  /// A proposal of the rule `coupon`, as its audit line brings it.
  mutating func propose(
    _ id: String = "p1", _ agent: AgentID = "ecom-pt", made: Int64 = 600, until end: Int64 = 1500,
    state: Proposal.State = .open, steps: [Proposal.Step]? = nil, digest: String = "9f86d081884c7d65"
  ) {
    let standard = [
      Proposal.Step(
        action: "offer_coupon", target: agent, arguments: ["campaign": "sorry", "conversation_ids": "c-1,c-2"]),
      .init(action: "schedule", target: agent, arguments: ["job": "retraining", "at": "2h"]),
      .init(action: "advice", target: agent, arguments: ["text": "look at the prices"]),
    ]
    let proposal = Proposal(
      id: ProposalID(id), rule: "coupon", agent: agent, steps: steps ?? standard, reason: "avg_rating is 1.9",
      digest: digest, madeAt: .at(made), expiresAt: .at(end), state: state)
    model.fleet.apply(
      AuditLine(
        origin: .run("run-\(id)"), rule: "coupon", phase: state == .open ? .proposed : .started,
        action: "rule", target: agent, operator: "rule/coupon", reason: proposal.reason,
        detail: proposal.steps.map { "\($0.action) \($0.target)" }.joined(separator: ", "), proposal: proposal,
        handler: "h1", at: .at(made)))
  }

  /// A line of a rule's run.
  mutating func hearRule(
    _ phase: AuditLine.Phase, _ action: String, _ target: AgentID, _ detail: String = "", rule: String = "degraded",
    title: String? = nil, run: String = "r1", reason: String = "error_rate is 0.38", at instant: Instant
  ) {
    var line = AuditLine(
      origin: .run(run), rule: rule, phase: phase, action: action, target: target, operator: "rule/\(rule)",
      reason: reason, detail: detail, handler: "h1", at: instant)
    line.ruleTitle = title
    model.fleet.apply(line)
  }

  /// Agents `a0`, `a1` …, the first the worst, with nothing else to them.
  ///
  /// - Parameter hasRuntimes: whether their runtimes have reported.
  static func plain(
    agents count: Int, columns: Int = 130, rows: Int = 40, isReadOnly: Bool = false, hasRuntimes: Bool = true
  ) throws -> Scene {
    var scene = Scene(columns: columns, rows: rows, isReadOnly: isReadOnly)
    for number in 0..<count {
      let rate = number == 0 ? 0.3 : 0.04 - Double(number) * 0.0001
      try scene.model.fleet.apply("metrics", "a\(number)", #"{"error_rate":\#(rate)}"#, at: .at(0))
      if hasRuntimes { try scene.model.fleet.apply("status", "a\(number)", #"{"state":"running"}"#, at: .at(0)) }
    }
    scene.goLive(at: .at(1))
    return scene
  }

  /// A command's line in the audit.
  mutating func hear(
    _ id: String, _ phase: AuditLine.Phase, _ action: String = "pause", _ target: AgentID = .none,
    _ detail: String = "",
    by who: String = "alice@bastion", at instant: Instant
  ) {
    model.fleet.apply(
      AuditLine(
        origin: .command(CommandID(id)), phase: phase, action: action, target: target, operator: who, detail: detail,
        handler: "h1", at: instant, source: "agentos:commands"))
  }
}

/// The one command that a key had sent.
func sent(_ effects: [Effect], sourceLocation: SourceLocation = #_sourceLocation) throws -> ActionDraft {
  #expect(effects.count == 1, sourceLocation: sourceLocation)
  guard case .send(let draft)? = effects.first else { throw NothingSent() }
  return draft
}

struct NothingSent: Error {}
