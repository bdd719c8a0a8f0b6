import FleetModel
import Wire

/// What runtimes do as they are told. What they have given away they give away once, and say again who has it.
extension HandoffCrowd {
  func take(_ message: ControlMessage) {
    world.schedule(inMilliseconds: world.chance(10) ? world.number(500...3000) : world.number(5...200)) { [self] in
      obey(message)
    }
  }

  private func obey(_ message: ControlMessage) {
    guard case .action(let action) = message.verb else { return }
    switch action {
    case .pause, .resume:
      if action == .pause { paused.insert(message.agent) } else { paused.remove(message.agent) }
      return tell(message.agent)
    case .transfer, .take, .handBack, .closeConversation: break
    default: return
    }
    guard let talk = message.arguments["conversation_id"].flatMap({ talks[$0] }) else { return }
    // Whoever has it no more says again what became of it.
    if talk.stage == .over { return say("agent.conversation_ended", talk) }
    guard talk.holder == message.agent else { return repeatTaker(of: talk, message.agent) }
    let person = message.arguments["person"] ?? ""
    switch action {
    case .take: talks[talk.id]?.stage = .withPerson(person)
    case .handBack: giveBack(talk)
    case .closeConversation:
      talks[talk.id]?.stage = .over
      if repeats { say("agent.conversation_ended", talk) }
    default: if let to = message.arguments["to"] { offer(talk, to: AgentID(to)) }
    }
  }

  private func repeatTaker(of talk: Talk, _ agent: AgentID) {
    guard let taker = talk.given[agent] else { return }
    say("agent.handoff_accepted", agent, ["conversation_id": .string(talk.id), "to": .string(taker.bytes)])
  }

  private func giveBack(_ talk: Talk) {
    talks[talk.id]?.stage = .talking
    if repeats { say("agent.person_returned", talk) }
    if world.chance(40) { goOn(talk.id) }
  }

  /// Another agent is to have it: it takes it, at once or late, or refuses, or says nothing, or is gone.
  private func offer(_ talk: Talk, to agent: AgentID) {
    guard answers(talk.holder) else { return }
    switch world.number(0...99) {
    case ..<55: world.schedule(inMilliseconds: world.number(5...1500)) { [self] in accept(talk, agent) }
    case ..<68: world.schedule(inMilliseconds: world.number(2000...9000)) { [self] in accept(talk, agent) }
    case ..<84: refuse(talk, agent, "busy")
    case ..<88: leave(agent)
    case ..<92: fallSilent(agent, milliseconds: world.number(3000...30_000))
    default: break
    }
  }

  private func refuse(_ talk: Talk, _ agent: AgentID, _ why: String) {
    var data = JSONObject()
    data["to"] = .string(agent.bytes)
    data["reason"] = .string(why)
    say("agent.handoff_refused", talk, data)
  }

  private func accept(_ talk: Talk, _ agent: AgentID) {
    guard let present = talks[talk.id], present.holder == talk.holder, answers(agent), answers(talk.holder) else {
      return
    }
    switch present.stage {
    case .over: return
    case .withPerson: return refuse(present, agent, "a person has it")
    case .talking, .asking, .waiting: break
    }
    talks[talk.id]?.holder = agent
    talks[talk.id]?.stage = .talking
    talks[talk.id]?.given[talk.holder] = agent
    // It goes back now and then: what was given before is no word on that.
    talks[talk.id]?.given[agent] = nil
    let data: JSONValue = ["conversation_id": .string(talk.id), "to": .string(agent.bytes)]
    say("agent.handoff_accepted", world.chance(30) ? agent : talk.holder, data)
    world.tell("\(agent) has \(talk.id)")
    if world.chance(30) { goOn(talk.id) }
  }
}
