import FleetModel

/// What the machine of a role takes and answers with.
extension TuningRun {
  /// An agent of the role that declares the parameters.
  package struct Member: Equatable, Sendable {
    package enum Minute: Equatable, Sendable {
      /// What it lost, 0…1.
      case loss(Double)
      /// It was heard, and there was nothing to lose.
      case idle
      /// It should have been heard. That counts as a loss of 1.
      case silent
    }

    package var agent: AgentID
    /// In force, by the places of the parameters.
    package var settings: [Double]
    /// Whether it may be changed.
    package var isFree: Bool
    package var minute: Minute
    /// What it loses as usual; nil if that is not known. Pairs are alike in it.
    package var usual: Double?
    /// The places of the parameters whose setting was made by a proposal that a person has approved.
    package var approved: Set<Int> = []
    /// Whether a person has set one of the parameters last, however long ago.
    package var isByHand = false

    package init(agent: AgentID, settings: [Double], isFree: Bool, minute: Minute, usual: Double? = nil) {
      (self.agent, self.settings, self.isFree) = (agent, settings, isFree)
      (self.minute, self.usual) = (minute, usual)
    }

    /// What it lost; nil if there was nothing to lose, or what is told is no number.
    var loss: Double? {
      switch minute {
      case .loss(let loss): loss.isNaN ? nil : min(max(loss, 0), 1)
      case .idle: nil
      case .silent: 1
      }
    }

    func isSound(of parameters: [TunableParameter]) -> Bool {
      settings.count == parameters.count
        && zip(parameters, settings).allSatisfy { ($0.minimum...$0.maximum).contains($1) }
    }
  }

  package enum Answer: Equatable, Sendable {
    case none, approved
    /// Or nobody answered in time.
    case declined
  }

  package struct Sight: Equatable, Sendable {
    /// The begin of the minute that has closed.
    package var minute: Instant
    package var length = TimeSpan.minutes(1)
    /// All of the role, each once.
    package var members: [Member]
    package var mode = Autonomy.propose
    /// To what was asked.
    package var answer = Answer.none
    /// Why nothing may be begun; nil if it may.
    package var guardFault: String?
    /// Agents that run with what was tried here, and take no part any more. Others have them go back, while the role stands.
    package var strangers: [AgentID] = []

    package init(
      _ minute: Instant, members: [Member], mode: Autonomy, answer: Answer = .none, guardFault: String? = nil,
      length: TimeSpan = .minutes(1)
    ) {
      (self.minute, self.members, self.mode) = (minute, members, mode)
      (self.answer, self.guardFault, self.length) = (answer, guardFault, length)
    }
  }

  /// Agents that are set to a value.
  package struct Order: Equatable, Sendable {
    package var parameter: String
    package var value: Double
    package var agents: [AgentID]
    /// Whether it takes something back: that is not to be put off.
    package var isReturn: Bool
    /// Why.
    package var words: String

    package static let mostAgents = 1000

    package init(parameter: String, value: Double, agents: [AgentID], isReturn: Bool, words: String) {
      (self.parameter, self.value, self.agents) = (parameter, value, agents)
      (self.isReturn, self.words) = (isReturn, words)
    }
  }

  package struct Step: Equatable, Sendable {
    /// Nil: nothing is to be kept any more.
    package var state: RoleTuning?
    package var orders: [Order] = []
    /// What a person is asked to approve.
    package var asks: Order?
    /// Whether what was asked is not wanted any more.
    package var withdraws = false
    /// What the audit says besides; nil if nothing.
    package var phase: AuditLine.Phase?
    package var words = ""

    /// Orders at the most, that begin something and that take something back: a fleet's largest role goes home at once.
    package static let (mostOrders, mostReturns) = (16, 96)
  }
}
