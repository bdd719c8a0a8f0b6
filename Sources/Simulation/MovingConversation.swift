import FleetModel

/// A simulated customer's side of a conversation: what was written, and to which agent it goes.
struct MovingConversation: Sendable {
  let id: String
  /// To whom messages go.
  var agent: AgentID
  /// Which skill it turns out to need; the language is English, which all speak.
  let skill: String
  let story: String
  /// How many messages the customer has written, and will write in all.
  var written = 0
  let most: Int
  var nextMessageAt: Instant
  /// Whether the agent asks for another one once the customer has said what it is about.
  let needsAnother: Bool
  /// The messages that were answered, by number.
  var answered: Set<Int> = []
}

/// An agent's side of a conversation: what it has of it, as its runtime keeps it.
///
/// ```text
///   talks ─▶ asks for another agent ─▶ told whom: the move is under way ─▶ given to that one, with all that is open
///                  ▲                               └─ that one refuses, or says nothing ─┐
///                  └─────────────────────────────────────────────────────────────────────┘
/// ```
struct HeldConversation: Sendable {
  /// That it is being given to another agent.
  struct Move: Sendable {
    var to: AgentID
    var settlesAt: Instant
    /// What becomes of it.
    var answer: Answer
  }

  enum Answer: Sendable { case accepts, refuses, saysNothing }

  /// Messages that are not answered, by number.
  var unanswered: [Int] = []
  var nextAnswerAt: Instant
  /// Since when it has asked for another agent; nil: it has not, or somebody has taken it.
  var askedAt: Instant?
  /// Whether it came from another agent, or back from a person: then it stays.
  var isSettled = false
  var move: Move?
  /// The person who has it; nil: the agent has.
  var person: String?
}

/// What the customers of a simulated fleet have seen: nothing may be lost or answered twice, whatever fails.
package struct ConversationCounts: Equatable, Sendable {
  /// Messages that customers wrote, and how many of them were answered.
  package var written = 0
  package var answered = 0
  /// Answers to messages that had one.
  package var answeredTwice = 0
  /// Messages that came to an agent that did not have the conversation.
  package var lost = 0
  /// Messages that were open as their customers left, after a long wait or by a person's word.
  package var left = 0
  /// How often an agent took a conversation or refused one, and a person took one.
  package var moved = 0
  package var refused = 0
  package var takenByPeople = 0
  package var ended = 0

  package init() {}
}
