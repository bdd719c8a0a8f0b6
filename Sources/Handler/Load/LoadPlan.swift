import Automation
import FleetModel
import Insight
import Wire

/// What one look at a role comes to: what is under way in it from then on, and the commands, the proposal or the lines of
/// the audit that go with it.
struct LoadPlan {
  /// What is done with moves.
  enum Course {
    /// The audit says what would be done.
    case dry(Autonomy)
    /// A person is asked.
    case ask
    /// They are made.
    case act

    /// Whether moves are only told.
    var isDry: Bool {
      guard case .dry = self else { return false }
      return true
    }

    /// Whether one move comes at a time, so that the sum of shares is not kept meanwhile.
    var isAlone: Bool {
      switch self {
      case .dry, .ask: true
      case .act: false
      }
    }
  }

  let role: ExactText
  private(set) var standing: LoadStanding
  private(set) var commands: [Command] = []
  private(set) var proposal: OwnProposal?
  /// Moves that the audit only tells of.
  private(set) var told: [(move: ShareMove, mode: Autonomy)] = []

  /// A move is sent within so long, or not at all.
  static let patience = TimeSpan.minutes(1)
  /// For how long a person may think.
  static let lifetime = TimeSpan.minutes(10)

  init(_ role: ExactText, _ standing: LoadStanding) { (self.role, self.standing) = (role, standing) }

  /// - Parameters:
  ///   - moves: the one that helps most first.
  ///   - record: how an agent's record stands; a command goes ahead only if it still does.
  ///   - wait: how long a command may take once it has begun.
  mutating func take(
    _ moves: [ShareMove], _ course: Course, at now: Instant, record: (AgentID) -> AgentRecord?, wait: TimeSpan
  ) {
    switch course {
    case .dry(let mode): told = moves.map { ($0, mode) }
    case .ask: if let move = moves.first { ask(move, at: now) }
    case .act: for move in moves { send(move, record(move.agent), at: now, wait) }
    }
  }

  private mutating func send(_ move: ShareMove, _ record: AgentRecord?, at now: Instant, _ wait: TimeSpan) {
    var command = Command(
      id: Self.command(of: move.agent, at: now), action: .tune, targets: [move.agent], arguments: Self.arguments(move),
      operator: Self.author(of: move.agent), reason: Self.words(move), issuedAt: now, expiresAt: now + Self.patience)
    if let record { command.observed[move.agent] = Command.Observation(state: record.state, version: record.version) }
    commands.append(command)
    standing.moves.append(
      LoadStanding.Move(agent: move.agent, to: move.to, command: command.id, until: now + Self.patience + wait))
  }

  private mutating func ask(_ move: ShareMove, at now: Instant) {
    let action = PlannedAction(kind: .action(.tune), target: move.agent, arguments: Self.arguments(move))
    let made = OwnProposal(
      rule: .load, agent: move.agent, actions: [action], reason: Self.words(move), madeAt: now,
      expiresAt: now + Self.lifetime)
    standing.question = LoadStanding.Question(
      id: made.id, agent: move.agent, from: move.from, to: move.to, until: made.expiresAt)
    proposal = made
  }

  // MARK: Words

  /// Who gives its commands.
  static func author(of agent: AgentID) -> String { AgentTuning.byLoad + agent.keyPart }

  /// One agent has one move at a moment.
  private static func command(of agent: AgentID, at now: Instant) -> CommandID {
    CommandID(SHA256.hex(Array("load/\(agent.keyPart)/\(now.milliseconds)".utf8)))
  }

  static func arguments(_ move: ShareMove) -> [String: String] {
    ["parameter": LoadSettings.parameter, "value": number(move.to)]
  }

  /// `support-3 share 0.8 instead of 1: 14 of 16 open, health 0.62, its role 41% busy`.
  static func words(_ move: ShareMove) -> String { "\(move.agent) \(move.words)".clipped }

  /// All its digits, and none more.
  private static func number(_ value: Double) -> String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension LoadStanding {
  /// Lets go of moves that are done, or for which nobody waits any longer; and of those that end later than any can: the
  /// clock was set back, or somebody else has written them.
  ///
  /// - Parameters:
  ///   - wait: how long a command may take once it has begun.
  ///   - command: what set an agent's share last.
  mutating func settle(at now: Instant, wait: TimeSpan, _ command: (AgentID) -> CommandID?) {
    let latest = now + LoadPlan.patience + wait
    moves.removeAll { $0.until <= now || $0.until > latest || command($0.agent) == $0.command }
  }

  /// The same readings, in which those whose move is under way are left alone, and count as moved.
  func leaveAlone(_ readings: [LoadReading], at now: Instant) -> [LoadReading] {
    guard !moves.isEmpty else { return readings }
    let moving = Set(moves.map(\.agent))
    return readings.map {
      var reading = $0
      if moving.contains(reading.agent) { (reading.isFree, reading.movedAt) = (false, now) }
      return reading
    }
  }

  /// A question has been answered, or nobody has: if it was approved, its agent's share is changed about now.
  mutating func endQuestion(at now: Instant) {
    guard let question else { return }
    self.question = nil
    moves.append(
      Move(
        agent: question.agent, to: question.to, command: OwnProposal.command(of: question.id),
        until: now + LoadPlan.patience))
  }
}
