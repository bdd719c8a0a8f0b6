/// A conversation for which its agent has asked for another one.
///
/// ```text
///   asked ─▶ offered to the best ─▶ accepted
///     ▲            └─ refused, failed, or said nothing ─┐
///     └─────────── the next best ◀──────────────────────┤
///                                                       └─▶ nobody left, or too many asked: it waits for a person
/// ```
/// The agent that asked has the conversation until another one has accepted it, so that somebody has it at all times, and
/// nobody else.
package struct Handoff: Equatable, Sendable {
  package typealias ID = WaitingConversation.ID

  /// That an agent was to take it.
  package struct Offer: Equatable, Sendable {
    package var agent: AgentID
    /// The command that said so.
    package var command: CommandID
    /// It has so long to accept.
    package var until: Instant
    /// Why it did not take it; nil while nobody knows.
    package var fault: String?

    package init(agent: AgentID, command: CommandID, until: Instant, fault: String? = nil) {
      (self.agent, self.command, self.until) = (agent, command, until)
      self.fault = fault
    }
  }

  package var id: ID
  /// Who asks, and has it.
  package var agent: AgentID
  package var since: Instant
  /// What the other one should know; empty: anything.
  package var skill = ""
  package var language = ""
  /// What it is about, in a few words.
  package var summary = ""
  /// What was said last, the latest line at the end.
  package var lines: [String] = []
  /// What goes with the conversation, as the agent gave it; empty if it is nothing, or more than is kept.
  package var context = ""
  package var history = ""
  /// Its request was too long to be read: nobody can say what the other one should know.
  package var isUnread = false
  /// All that were made, the latest at the end.
  package var offers: [Offer] = []

  package init(id: ID, agent: AgentID, since: Instant) { (self.id, self.agent, self.since) = (id, agent, since) }

  /// No more agents are asked.
  package static let mostOffers = 3
  /// Longer notes go from agent to agent without vigia: it keeps none of them.
  package static let mostNoteBytes = 4 << 10

  /// The offer that nobody has answered.
  package var standing: Offer? { offers.last.flatMap { $0.fault == nil ? $0 : nil } }

  /// Whether an acceptance moves a conversation on from the agent that has it now.
  ///
  /// An agent that is told a second time to give away what it has given away repeats who has got it. By then that one may
  /// have asked for another agent, or have the conversation wait: the repeated word is no answer to that.
  ///
  /// - Parameters:
  ///   - to: who has it by that.
  ///   - sender: whose event says so.
  ///   - holder: who has it as far as is known.
  package static func moves(to: AgentID, from sender: AgentID, holder: AgentID) -> Bool {
    to != holder && (sender == holder || sender == to)
  }

  /// Who has it by an acceptance; nil if that is no answer to the present request.
  ///
  /// - Parameter agent: nil if the event does not name one.
  package func taker(_ agent: AgentID?, from sender: AgentID) -> AgentID? {
    let unnamed = sender == self.agent ? (standing ?? offers.last)?.agent : sender
    guard let who = agent ?? unnamed, who != self.agent else { return nil }
    if who == standing?.agent { return who }
    // Whoever has it has it, also if another was asked meanwhile: the agent that asked gives it away once.
    guard agent != nil || offers.contains(where: { $0.agent == who }) else { return nil }
    return Self.moves(to: who, from: sender, holder: self.agent) ? who : nil
  }

  /// Whether one more may be asked.
  package var mayAsk: Bool { offers.count < Self.mostOffers }

  /// Says why nobody took the standing offer.
  package mutating func fail(_ fault: String) {
    if standing != nil { offers[offers.count - 1].fault = fault.clipped(toBytes: TextBound.word) }
  }

  /// Lets the standing offer be open no longer.
  package mutating func limitOffer(to latest: Instant) {
    if let standing, standing.until > latest { offers[offers.count - 1].until = latest }
  }

  /// `legal-1 refused: full; legal-2 said nothing for 20s`.
  package var faults: String {
    offers.compactMap { offer in offer.fault.map { "\(offer.agent) \($0)" } }.joined(separator: "; ")
  }
}

/// Whether the handler chooses who takes a conversation for which its agent asks for another one.
package struct HandoffSettings: Equatable, Sendable {
  /// While it is off rules may choose. Else the handler chooses, and has that agent asked, or tells a person.
  package var mode = Autonomy.off
  /// How long who was chosen may take to accept.
  package var answerWithin = TimeSpan.seconds(20)

  package init() {}

  /// Whether the handler chooses, and no rule.
  package var isOn: Bool { mode != .off }

  /// What may be set.
  package static let spans = TimeSpan.seconds(2)...TimeSpan.minutes(10)
}
