import FleetModel

/// Conversations that wait for a person: one takes them, gives them back to their agent, or ends them.
extension Change {
  package static func take(_ id: WaitingConversation.ID, _ context: PlanningContext) throws(Refusal) -> Change {
    var conversation = try waiting(id, context)
    if let who = conversation.hand?.by { throw Refusal("\(id.text) is already taken by \(who)") }
    conversation.hand = WaitingConversation.Hand(by: context.operator, at: context.now)
    let waited = conversation.since < context.now ? context.now - conversation.since : .zero
    return change(.take, id, kept: conversation, note: "", "\(id.text) taken after \(waited.rounded)", context)
  }

  /// Whoever leads a shift may give back what another has taken: people go home.
  package static func handBack(
    _ id: WaitingConversation.ID, note: String, _ context: PlanningContext
  ) throws(Refusal) -> Change {
    let conversation = try waiting(id, context)
    guard conversation.hand != nil else {
      throw Refusal("nobody has taken \(id.text), which can be handed back by who has it: take it first")
    }
    return change(.handBack, id, kept: nil, note: note, "\(id.text) handed back to \(context.target)", context)
  }

  /// One that waits can be ended by anybody, one that a person has by that person alone.
  package static func close(
    _ id: WaitingConversation.ID, note: String, _ context: PlanningContext
  ) throws(Refusal) -> Change {
    let conversation = try waiting(id, context)
    if let who = conversation.hand?.by, !who.isExactly(context.operator) {
      throw Refusal("\(id.text) is taken by \(who), who can close it; hand_back gives it to \(context.target)")
    }
    return change(.closeConversation, id, kept: nil, note: note, "\(id.text) closed", context)
  }

  private static func waiting(
    _ id: WaitingConversation.ID, _ context: PlanningContext
  ) throws(Refusal) -> WaitingConversation {
    guard let conversation = context.conversation, conversation.id == id else {
      throw Refusal("no conversation \(id.text) waits for a person")
    }
    guard conversation.agent == context.target else {
      throw Refusal("\(id.text) is a conversation of \(conversation.agent), not of \(context.target)")
    }
    return conversation
  }

  /// The change, and what the runtime is told: the conversation, the person, and their note.
  private static func change(
    _ action: Action, _ id: WaitingConversation.ID, kept: WaitingConversation?, note: String, _ detail: String,
    _ context: PlanningContext
  ) -> Change {
    var arguments = ["conversation_id": id.text, "person": context.operator]
    if !note.isEmpty { arguments["note"] = note }
    let words = note.isEmpty ? detail : "\(detail): \(note)"
    var change = Change(control: Control(action: action, arguments: arguments), detail: words)
    change.conversation = (id, kept)
    return change
  }
}
