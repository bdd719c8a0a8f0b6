import FleetModel
import Insight
import Loop
import Wire

/// What one step of the desk makes of news and of the clock: the book as it is then, and what is told of it.
struct HandoffPlan {
  private let session: LeaseSession
  /// Where the switch of automation stands, as Redis has it, and what that means.
  private let stored: [UInt8]
  private let automation: AutomationMode
  private let now: Instant
  private(set) var next: HandoffBook
  /// Who has had which conversation lately.
  private(set) var trail: HandoffTrail
  /// Those that may stand otherwise than before.
  private(set) var touched: Set<Handoff.ID> = []
  /// Commands, events and lines of the audit, with what they depend on.
  private(set) var transaction = Transaction()
  /// The commands in it.
  private(set) var commands: Set<CommandID> = []
  /// Who has taken a conversation, and when that was said.
  private(set) var takers: [(agent: AgentID, at: Instant)] = []
  /// Whether offers were left that have come to nothing.
  private(set) var isCut = false

  /// - Parameter automation: where its switch stands, as Redis has it; empty if nobody has turned it.
  init(_ book: HandoffBook, _ trail: HandoffTrail, _ session: LeaseSession, automation: [UInt8]) {
    (next, self.session, stored, now) = (book, session, automation, session.now)
    self.trail = trail
    // What is no mode switches nothing on.
    self.automation = AutomationMode(rawValue: String(decoding: automation, as: UTF8.self)) ?? .dry
  }

  private var settings: HandoffSettings { session.options.handoff }

  /// - Parameter listed: gives how a conversation stands in the list of those that wait; nil if that is not known.
  mutating func take(
    _ news: HandoffNews, _ entry: StreamID, listed: (Handoff.ID) -> ListedConversation? = { _ in nil }
  ) {
    touched.insert(news.id)
    if case .settled(let id, let kind) = news {
      trail.early.drop(id)
      // That it waits is what a proposal says, too.
      if kind != .waiting { trail.proposed.drop(id) }
    }
    if case .accepted(let id, let agent, let sender) = news, next[id] == nil,
      let (holder, taker) = trail.proposed.take(id, by: agent, from: sender, at: now)
    {
      // A person agreed.
      trail.note(id, of: holder, takenBy: taker, at: now)
      return hasTaken(taker, id, at: entry.instant)
    }
    if case .refused(let id, let agent, _) = news { trail.proposed.refuse(id, by: agent) }
    if settings.mode == .propose, case .requested(let asked) = news, let listed = listed(asked.id),
      listed.isSettled
    {
      trail.proposed.adopt(listed.conversation, at: now)
    }
    if case .requested(let asked) = news, let holder = holderOfProposed(asked) { return leaveOut(asked, holder) }
    if let end = next.apply(news, after: trail.holder(of: news.id, at: now)) {
      tell(end)
      if case .accepted(let agent) = end.kind { hasTaken(agent, news.id, at: entry.instant) }
      return
    }
    guard case .requested(let asked) = news, let holder = next[news.id]?.agent, holder != asked.agent else { return }
    leaveOut(asked, holder)
  }

  /// Who has a conversation that a proposal stands for; nil if the agent that asks may have it.
  private func holderOfProposed(_ asked: Handoff) -> AgentID? {
    guard settings.mode == .propose, next[asked.id] == nil, trail.holder(of: asked.id, at: now) != asked.agent else {
      return nil
    }
    return trail.proposed.holder(of: asked.id, besides: asked.agent, at: now)
  }

  private mutating func leaveOut(_ asked: Handoff, _ holder: AgentID) {
    trail.early.keep(asked)
    let words =
      "an agent asks for another one for a conversation that it does not have: left out unless it takes it soon"
    session.log(.warning, words, ["agent": "\(asked.agent)", "conversation": asked.id.text, "holder": "\(holder)"])
  }

  /// It may have asked for another agent already.
  private mutating func hasTaken(_ agent: AgentID, _ id: Handoff.ID, at instant: Instant) {
    takers.append((agent, instant))
    guard let asked = trail.early.take(id, of: agent, at: instant) else { return }
    if let end = next.apply(.requested(asked), after: agent) { tell(end) }
  }

  /// Has those asked, or proposed, who are next; of too many the rest is for the next step.
  ///
  /// - Parameters:
  ///   - present: up to when all answers are known: no offer comes to nothing by one that was only not read yet.
  ///   - left: conversations that events tell more of than the book holds: nothing is decided about them.
  ///   - listed: gives how a conversation stands in the list of those that wait; nil if it is not there.
  mutating func decide(
    by health: FleetHealth, at present: Instant, atMost most: Int, besides left: Set<Handoff.ID>,
    listed: (Handoff.ID) -> ListedConversation?
  ) {
    touched.formUnion(next.limitOffers(at: now, within: settings.answerWithin, atMost: most))
    // What an agent is now says nothing of one whose answer is not read yet.
    let isBehind = present < now - Self.mostLag
    let failed = next.failOffers(
      at: min(now, present), within: settings.answerWithin, atMost: most, besides: left
    ) { isBehind ? nil : health.faultOfTaking($0) }
    touched.formUnion(failed)
    isCut = failed.count >= most
    health.setAsked(takers.reduce(into: next.asked) { $0[$1.agent, default: 0] += 1 })
    let undecided = next.undecided.lazy.filter { !left.contains($0.id) }.prefix(most)
    // The switch may have been turned a moment ago.
    if !undecided.isEmpty { transaction.require("GET", session.keys.automation, is: stored) }
    for handoff in undecided {
      touched.insert(handoff.id)
      let listed = listed(handoff.id)
      if isTaken(handoff, listed) { continue }
      decide(handoff, by: health, proposed: listed?.conversation.proposed?.agent)
    }
  }

  /// An agent may ask again while its conversation waits for a person. Nobody gives away what a person has taken since.
  private mutating func isTaken(_ handoff: Handoff, _ listed: ListedConversation?) -> Bool {
    guard let listed else { return false }
    // A person may take it, or hand it back, at this moment.
    transaction.require("HGET", session.keys.waiting, handoff.id.text, is: listed.stored)
    guard listed.conversation.hand != nil else { return false }
    next.remove(handoff.id)
    tell(HandoffBook.End(handoff, .settled(.personAccepted)))
    return true
  }

  /// Reading that lags no more than this is not behind.
  private static let mostLag = TimeSpan.seconds(1)

  /// - Parameter proposed: the agent that people see as the proposed one; nil if they see none.
  private mutating func decide(_ handoff: Handoff, by health: FleetHealth, proposed: AgentID?) {
    let isFirst = handoff.offers.isEmpty
    guard settings.isOn else { return giveUp(handoff, "hand-overs are off") }
    let acts = automation == .on
    if !acts, !isFirst { return giveUp(handoff, "automation is \(automation.rawValue)") }
    // A proposal is never too late: nothing acts by itself.
    if acts, settings.mode == .auto, isFirst, now - handoff.since > session.options.actWithin {
      return giveUp(handoff, "it was asked for \((now - handoff.since).rounded) ago")
    }
    guard handoff.mayAsk else { return giveUp(handoff, handoff.faults) }
    if handoff.isUnread {
      let words = "what it needs is not known: its request is longer than \(TextBound.data) bytes"
      return acts ? giveUp(handoff, words) : skip(handoff, words)
    }
    let had = trail.agents(of: handoff.id, at: now)
    if acts, trail.isWornOut(handoff.id, at: now) {
      let names = had.map(\.description).joined(separator: ", ")
      return giveUp(handoff, "within \(HandoffTrail.span) it was with \(names)")
    }
    let answer = health.specialists(
      besides: handoff.offers.map(\.agent) + [handoff.agent] + had, skill: handoff.skill, language: handoff.language)
    let choice = HandoffChoice(skill: handoff.skill, language: handoff.language, answer, faults: handoff.faults)
    // Nothing acts: it is as if nobody had been asked, and the audit says what would have been done.
    let isProposed = settings.mode == .propose && choice.chosen != nil
    guard acts else { return skip(handoff, isProposed ? "would propose \(choice.reasons)" : choice.reasons) }
    guard let agent = choice.chosen else { return giveUp(handoff, choice.reasons) }
    // The proposal stands, and people see it: a request that is repeated adds nothing.
    if isProposed, isFirst, proposed == agent, trail.proposed.says(handoff, agent, at: now) {
      return next.remove(handoff.id)
    }
    if isProposed { propose(handoff, agent, choice) } else { offer(handoff, to: agent, choice.reasons) }
    // What the same step proposes does not all come to one agent either.
    health.ask(agent)
  }

  // MARK: What comes of it

  private mutating func offer(_ handoff: Handoff, to agent: AgentID, _ reasons: String) {
    let random = (
      MachineRandom.number(in: UInt64.min ... .max), MachineRandom.number(in: UInt64.min ... .max)
    )
    let id = UUIDv7.make(at: now, random: random)
    commands.insert(id)
    // Its answer says whether it wants the conversation.
    trail.early.drop(handoff.id, of: agent)
    var offered = handoff
    let until = now + settings.answerWithin
    offered.offers.append(Handoff.Offer(agent: agent, command: id, until: until))
    next.set(offered)
    let arguments = [
      "conversation_id": handoff.id.text, "to": "\(agent)", "context": handoff.context, "history": handoff.history,
    ].filter { !$0.value.isEmpty }
    let command = Command(
      id: id, action: .transfer, targets: [handoff.agent], arguments: arguments,
      operator: "\(Self.sender)\(session.options.id)", reason: reasons.clipped(toBytes: Self.mostReasonBytes),
      issuedAt: now,
      expiresAt: until)
    transaction.add(to: session.keys.commands, CommandCoding.encode(command))
    if handoff.offers.isEmpty { add(line(handoff, .started, reasons)) }
  }

  /// What the name of the operator begins with in its commands; the id of the handler follows.
  static let sender = "handler/"
  /// As much as a command's reason may have.
  private static let mostReasonBytes = 1024

  /// It waits for a person, who hears which agent would be asked.
  private mutating func propose(_ handoff: Handoff, _ agent: AgentID, _ choice: HandoffChoice) {
    next.remove(handoff.id)
    trail.proposed.note(handoff, agent, at: now)
    let proposed = WaitingConversation.Proposed(agent: agent, why: choice.why)
    transaction.add(to: session.keys.events, HandoffCoding.waits(handoff, proposed: proposed, at: now))
    add(line(handoff, .proposed, "proposes \(choice.reasons)"))
  }

  /// It waits for a person: the event puts it there once, whoever leads.
  private mutating func giveUp(_ handoff: Handoff, _ why: String) {
    next.remove(handoff.id)
    // The event says that nobody is proposed.
    trail.proposed.drop(handoff.id)
    tell(HandoffBook.End(handoff, .givenUp(why: why)))
  }

  private mutating func skip(_ handoff: Handoff, _ reasons: String) {
    next.remove(handoff.id)
    let would = automation == .dry ? "; \(reasons)" : ""
    add(line(handoff, .skipped, "automation is \(automation.rawValue)\(would)"))
  }

  private mutating func tell(_ end: HandoffBook.End) {
    let handoff = end.handoff
    switch end.kind {
    case .accepted(let agent):
      trail.note(handoff, takenBy: agent, at: now)
      add(line(handoff, .succeeded, "\(agent) has it after \((max(.zero, now - handoff.since)).rounded)"))
    case .settled(let kind): add(line(handoff, .skipped, kind.words))
    case .givenUp(let why):
      transaction.add(to: session.keys.events, HandoffCoding.waits(handoff, at: now))
      add(line(handoff, .failed, "it waits for a person: \(why)"))
    }
  }

  private mutating func add(_ line: AuditLine) { transaction.add(line, session.keys) }

  private func line(_ handoff: Handoff, _ phase: AuditLine.Phase, _ detail: String) -> AuditLine {
    let wanted = [handoff.skill, handoff.language].filter { !$0.isEmpty }.joined(separator: ", ")
    let what = "\(handoff.id.text) of \(handoff.agent)" + (wanted.isEmpty ? "" : " (\(wanted))")
    return AuditLine(
      origin: .run("handoff/\(handoff.since.milliseconds)/\(handoff.id.text)"), phase: phase, action: AuditLine.handoff,
      operator: "\(Self.sender)\(session.options.id)",
      detail: "\(what): \(detail)".clipped(toBytes: Self.mostReasonBytes + TextBound.words),
      handler: session.options.id, at: now, source: String(decoding: session.keys.handoffs, as: UTF8.self))
  }
}

extension EventKind {
  /// How an event of this kind settles a hand-over.
  fileprivate var words: String {
    switch self {
    case .waiting: "its agent has it wait for a person"
    case .personAccepted: "a person has it"
    case .conversationEnded: "it is over"
    case .created, .updated, .deleted, .metrics, .status, .feedback, .performanceDegraded, .highTraffic,
      .satisfactionLow, .securityAlert, .healthCritical, .predictiveAlert, .handoffRequested, .handoffAccepted,
      .handoffRefused, .personReturned, .silent, .anomaly, .runaway, .budget, .other:
      "it is settled"
    }
  }
}
