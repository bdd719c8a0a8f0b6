import FleetModel
import Insight
import Screen

/// Handing a conversation that waits for a person over to another agent: the best three, and why.
extension Model {
  /// The draft with those who could take it, or a note why nobody can.
  mutating func handoffDraft(_ draft: ActionDraft, _ conversation: WaitingConversation) -> ActionDraft? {
    let choice = choice(for: conversation)
    guard let best = choice.chosen else {
      show(note: Scrubber.display(choice.reasons))
      return nil
    }
    var draft = draft
    draft.candidates = choice.candidates
    draft.arguments["to"] = "\(best)"
    return draft
  }

  /// A look through all agents, since a person asks once in a while.
  private func choice(for conversation: WaitingConversation) -> HandoffChoice {
    let shown = displayed
    let entries = shown.agents.indices.compactMap { position -> RankHeap.Entry? in
      guard let agent = shown.agents[position], agent.id != conversation.agent, takes(agent, conversation),
        !shown.isSilent(position), shown.worstTrouble(ofAgentAt: position).map({ $0 < .high }) ?? true
      else { return nil }
      return RankHeap.Entry(rank: rank(agent), id: agent.id, position: position)
    }
    var answer = SpecialistIndex.Answer(entries, most: ActionDraft.mostCandidates)
    // Of all that could take it the proposed one comes first, however it ranks by now.
    if let proposed = entries.first(where: { $0.id == conversation.proposed?.agent }), !proposed.rank.isFull {
      let others = answer.free.filter { $0.id != proposed.id }
      answer.free = [proposed] + others.prefix(ActionDraft.mostCandidates - 1)
    }
    return HandoffChoice(skill: conversation.skill, language: conversation.language, answer)
  }

  private func takes(_ agent: Agent, _ conversation: WaitingConversation) -> Bool {
    let (skill, language) = (conversation.skill, conversation.language)
    return agent.state == .running && (skill.isEmpty || agent.skills.contains(skill))
      && (language.isEmpty || agent.language == language || agent.languages.contains(language))
  }

  private func rank(_ agent: Agent) -> SpecialistRank {
    let health = agent.value(.healthScore, within: Fleet.freshness, of: displayedNow)
    let room = openConversations(of: agent).flatMap { open in
      agent.capacity.map { SpecialistRank.Room(open: open, capacity: $0) }
    }
    return SpecialistRank(
      health: health ?? 1, knowsHealth: health != nil,
      load: agent.value(.queueSize, within: Fleet.freshness, of: displayedNow) ?? 0, room: room)
  }

  /// How many conversations an agent has open; nil if it has not said so for a while.
  func openConversations(of agent: Agent) -> Int? {
    agent.activity.openConversations.flatMap { displayedNow - $0.at <= Fleet.freshness ? $0.count : nil }
  }

  /// `1 Legal Lisboa: legal, pt, 3 of 8 open, health 0.97 (proposed)`.
  func candidateWords(_ draft: ActionDraft) -> [String] {
    let proposed = draft.conversation.flatMap { displayed.waiting?[$0]?.proposed?.agent }
    return draft.candidates.enumerated().map { place, candidate in
      let words = "\(place + 1) \(labels[candidate.agent]): \(Scrubber.display(candidate.words))"
      return candidate.agent == proposed ? "\(words) (proposed)" : words
    }
  }

  /// ` proposed: Legal Lisboa` behind the name of a conversation; empty if nobody is proposed, or a person has it.
  func proposedName(_ conversation: WaitingConversation) -> String {
    conversation.standingProposal.map { " proposed: \(labels[$0.agent])" } ?? ""
  }

  /// `proposed: Legal Lisboa (legal, pt, 3 of 8 open, health 0.97)`; nil if nobody is, or a person has it.
  func proposedWords(_ conversation: WaitingConversation) -> String? {
    guard let proposed = conversation.standingProposal else { return nil }
    let why = proposed.why.isEmpty ? "" : " (\(Scrubber.display(proposed.why)))"
    return "proposed: \(labels[proposed.agent])\(why)"
  }

  func candidateHint(_ draft: ActionDraft) -> String {
    draft.candidates.count > 1 ? "  1…\(draft.candidates.count): another" : ""
  }
}

extension ActionDraft {
  /// So many are shown, each with the digit that chooses it.
  static let mostCandidates = 3

  /// The candidate that a digit chooses; nil for another key.
  func candidate(of key: Key) -> HandoffChoice.Candidate? {
    guard case .character(let character) = key, let number = character.wholeNumberValue,
      candidates.indices.contains(number - 1)
    else { return nil }
    return candidates[number - 1]
  }
}
