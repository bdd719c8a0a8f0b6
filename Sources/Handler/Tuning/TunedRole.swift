import Automation
import FleetModel
import Insight
import Wire

/// A role whose parameters are tuned.
struct TunedRole {
  let role: ExactText
  var tuning: RoleTuning
  /// As it stands in Redis; empty if it does not yet.
  var stored: [UInt8] = []
  /// Under which name the audit tells of what is tried.
  var run: String?
  /// What waits for a person's answer.
  var question: TuningReport.Question?
  /// Up to which minute it stands in Redis.
  private(set) var storedMinute = Instant.epoch
  /// Whether it is to be written whatever the next step comes to.
  var mustBeWritten = false
  /// Why nothing is tried; nil if there is no reason but that directions rest.
  var why: String?
  /// When agents that take no part any more were told to go back.
  var toldBack: [AgentID: Instant] = [:]
  /// When it is looked at next.
  var due = Instant.epoch

  init(_ role: ExactText, _ tuning: RoleTuning) { (self.role, self.tuning) = (role, tuning) }

  /// Nil for what is no such role.
  init?(_ field: [UInt8], _ value: [UInt8]) {
    guard let role = String(validating: field, as: UTF8.self), !role.isEmpty, role.utf8.count <= TextBound.word,
      let (report, state) = TuningCoding.decode(value), let tuning = RoleTuning(json: state)
    else { return nil }
    self.init(ExactText(role), tuning)
    (stored, run, question) = (value, report.run, report.question)
    storedMinute = tuning.minute
  }

  func with(_ tuning: RoleTuning) -> TunedRole {
    var role = self
    role.tuning = tuning
    return role
  }

  mutating func noteStored(_ value: [UInt8]) { (stored, storedMinute, mustBeWritten) = (value, tuning.minute, false) }

  var field: [UInt8] { Array(role.text.utf8) }

  /// Where in each span it is looked at, 0.1…0.9 of it: not all at once, and a look that is a little late is still of
  /// its own span.
  var phase: Double {
    let digest = field.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    // Names that differ in their end alone differ in the low bits.
    let mixed = digest &* 0x9E37_79B9_7F4A_7C15
    return 0.1 + 0.8 * Double(mixed >> 40) / Double(1 << 24)
  }

  /// Appoints the next look after a moment.
  mutating func setDue(after now: Instant, every span: TimeSpan) {
    let (length, offset) = (span.milliseconds, Int64(Double(span.milliseconds) * phase))
    let place = (now.milliseconds - offset) / length
    due = Instant(milliseconds: (place + 1) * length + offset)
  }

  /// The begin of the span that ends in the one of the look that is due.
  func minute(every span: TimeSpan) -> Instant {
    Instant(milliseconds: (due.milliseconds / span.milliseconds - 1) * span.milliseconds)
  }

  // MARK: What was asked

  /// What has come of the question that its state waits for.
  ///
  /// - Parameter answer: what became of the proposal; nil if there is none.
  mutating func take(_ answer: OwnProposal.Answer?) -> TuningRun.Answer {
    switch answer {
    case .open: return .none
    case .approved, .ended:
      (question, mustBeWritten) = (nil, true)
      return answer == .approved ? .approved : .declined
    // Nobody could answer it.
    case nil: return tuning.phase.isQuestion ? .declined : .none
    }
  }

  // MARK: What is written

  func encoded(words: String, at now: Instant) -> [UInt8] {
    let words = why.map { "\(words): \($0)" } ?? words
    var report = TuningReport(words: words.clipped(toBytes: TextBound.words), at: now, run: run, question: question)
    report.isIdle = tuning.isIdle && why == nil
    return TuningCoding.encode(report, state: tuning.json)
  }

  /// Who gives its commands.
  var author: String { TunedElsewhere.author(of: role) }

  /// The id of a command of the last step, by its place among the step's orders.
  private func commandID(_ place: Int) -> CommandID {
    let name = "\(author)/\(String(tuning.seed, radix: 16))/\(tuning.steps)/\(place)"
    return CommandID(SHA256.hex(Array(name.utf8)))
  }

  /// Whether a command is one of its last step.
  func hasGiven(_ command: Command) -> Bool {
    command.operator == author && (0..<Self.mostOrders).contains { commandID($0) == command.id }
  }

  /// A step has no more orders, with those for agents that take no part any more.
  static let mostOrders = TuningRun.Step.mostReturns + TunedStranger.most

  /// - Parameters:
  ///   - place: in the list of its step's orders.
  ///   - span: how often the role is looked at.
  func command(_ order: TuningRun.Order, _ place: Int, at now: Instant, every span: TimeSpan) -> Command {
    Command(
      id: commandID(place), action: .tune, targets: order.agents,
      arguments: ["parameter": order.parameter, "value": order.value.settingText], operator: author,
      reason: order.words.clipped, issuedAt: now, expiresAt: now + Self.patience(span))
  }

  /// A command that nobody has taken by then is of the past: another setting may be wanted.
  private static func patience(_ span: TimeSpan) -> TimeSpan { min(.minutes(1), max(.seconds(5), span * 5)) }

  /// What a person is asked; nil if it concerns nobody.
  func proposal(_ order: TuningRun.Order, at now: Instant) -> OwnProposal? {
    guard let agent = order.agents.first else { return nil }
    let arguments = ["parameter": order.parameter, "value": order.value.settingText]
    let actions = order.agents.prefix(Self.mostAsked).map {
      PlannedAction(kind: .action(.tune), target: $0, arguments: arguments)
    }
    return OwnProposal(
      rule: .tuning, agent: agent, actions: actions, reason: order.words, madeAt: now, expiresAt: now + Self.answered)
  }

  /// A proposal names no more agents; the others follow once it is approved.
  private static let mostAsked = 16
  /// So long a person has to answer.
  private static let answered = TimeSpan.minutes(30)

  /// What the audit tells of it. A line of no agent closes its run.
  ///
  /// - Parameter agent: nil for the closing line.
  func line(
    _ phase: AuditLine.Phase, _ words: String, about agent: AgentID?, handler: String, at now: Instant, _ keys: Keys
  ) -> AuditLine {
    AuditLine(
      origin: .run(run ?? newRun(at: now)), phase: phase, action: "tuning", target: agent ?? .none, operator: author,
      detail: words.clipped, handler: handler, at: now, source: String(decoding: keys.tuning, as: UTF8.self))
  }

  func newRun(at now: Instant) -> String { "\(author)/\(now.milliseconds)" }
}

extension RoleTuning {
  /// Whether nothing is tried, and nothing was adopted.
  fileprivate var isIdle: Bool {
    guard case .resting = phase else { return false }
    return parameters.allSatisfy { $0.base == $0.home }
  }
}

extension RoleTuning.Phase {
  /// Whether it waits for a person.
  fileprivate var isQuestion: Bool {
    switch self {
    case .asking, .asksAdoption: true
    case .resting, .trying, .closing, .widening, .returning: false
    }
  }
}

extension Double {
  /// A setting as an operator would write it: `25`, `0.3`.
  var settingText: String { self == rounded() && magnitude <= 1e15 ? "\(Int64(self))" : "\(self)" }
}
