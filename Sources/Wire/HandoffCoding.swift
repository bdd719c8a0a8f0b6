import FleetModel

/// Conversations that are to change hands: as a field of `agentos:handoffs` holds one, and as events tell of them.
///
/// ```json
/// {"agent":"sales-1","since":"2026-11-22T08:00:00.000Z","skill":"legal","language":"pt","summary":"asks for a contract",
///  "lines":["user: can I cancel?"],"context":"{\"tier\":\"gold\"}","history":"…",
///  "offers":[{"agent":"legal-1","command":"…","until":"…","fault":"refused: full"}]}
/// ```
/// What is empty is left out.
package enum HandoffCoding {
  /// A longer value is not read.
  package static let mostBytes = 64 << 10

  // MARK: A conversation

  package static func encode(_ handoff: Handoff) -> [UInt8] {
    var json = JSONObject()
    json["agent"] = .string(handoff.agent.bytes)
    json["since"] = handoff.since.json
    for (name, text) in [
      ("skill", handoff.skill), ("language", handoff.language), ("summary", handoff.summary),
      ("context", handoff.context), ("history", handoff.history),
    ] where !text.isEmpty { json[name] = .string(text) }
    if handoff.isUnread { json["unread"] = true }
    if !handoff.lines.isEmpty { json["lines"] = .array(handoff.lines.map { .string($0) }) }
    if !handoff.offers.isEmpty { json["offers"] = .array(handoff.offers.map(encode)) }
    return JSONValue.object(json).encoded
  }

  private static func encode(_ offer: Handoff.Offer) -> JSONValue {
    [
      "agent": .string(offer.agent.bytes), "command": .string(offer.command.text), "until": offer.until.json,
      "fault": offer.fault.map { .string($0) },
    ]
  }

  /// Nil for what is no such object, or stands under what is no id.
  package static func decode(_ field: [UInt8], _ value: [UInt8]) -> Handoff? {
    guard value.count <= mostBytes, let text = String(validating: field, as: UTF8.self),
      let id = Handoff.ID(text), let json = try? JSONValue.parse(value), let agent = agent(json["agent"]),
      let since = WaitingCoding.instant(json["since"])
    else { return nil }
    var handoff = Handoff(id: id, agent: agent, since: since)
    take(json, lines: json["lines"], into: &handoff)
    handoff.isUnread = json["unread"] == true
    let offers = (json["offers"]?.list ?? []).prefix(Handoff.mostOffers)
    handoff.offers = offers.compactMap(offer)
    // One that cannot be read is one that was made all the same.
    guard handoff.offers.count == offers.count else { return nil }
    return handoff
  }

  private static func offer(_ json: JSONValue) -> Handoff.Offer? {
    guard let agent = agent(json["agent"]), let command = json["command"]?.text, !command.isEmpty,
      command.utf8.count <= TextBound.commandID, let until = WaitingCoding.instant(json["until"])
    else { return nil }
    return Handoff.Offer(
      agent: agent, command: CommandID(command), until: until,
      fault: json["fault"]?.text.map { WaitingCoding.plain($0, TextBound.word) })
  }

  private static func agent(_ json: JSONValue?) -> AgentID? {
    json?.bytes.flatMap { AgentID(outside: $0) }.flatMap { $0 == .none ? nil : $0 }
  }

  private static func take(_ json: JSONValue, lines: JSONValue?, into handoff: inout Handoff) {
    handoff.skill = WaitingCoding.plain(json["skill"]?.text, TextBound.word)
    handoff.language = WaitingCoding.plain(json["language"]?.text, TextBound.word)
    handoff.summary = WaitingCoding.plain(json["summary"]?.text, TextBound.words)
    handoff.lines = (lines?.list ?? []).suffix(WaitingConversation.mostLines).compactMap(WaitingCoding.line)
    handoff.context = note(json["context"])
    handoff.history = note(json["history"])
  }

  /// A text as it is, anything else as JSON; empty if it is too long: a part of it could be read as something else.
  private static func note(_ json: JSONValue?) -> String {
    guard let json, json != .null else { return "" }
    let text = json.text ?? String(decoding: json.encoded, as: UTF8.self)
    return text.utf8.count <= Handoff.mostNoteBytes ? text : ""
  }

  // MARK: The book

  /// A book as it is stored.
  ///
  /// - Parameter passedOver: told of each field that is no conversation, or beyond what is kept.
  package static func decode(
    _ fields: [(name: [UInt8], value: [UInt8])], passedOver: (_ field: [UInt8], _ value: [UInt8]) -> Void = { _, _ in }
  ) -> HandoffBook {
    var book = HandoffBook()
    for (field, value) in fields {
      guard !book.isFull, let handoff = decode(field, value) else {
        passedOver(field, value)
        continue
      }
      book.set(handoff)
    }
    return book
  }

  // MARK: Events

  /// Whom an answer names.
  struct Answerer {
    /// Nil if it names nobody.
    var agent: AgentID?
  }

  /// Nil if an answer names what is no agent's id: nobody could say whose answer it is.
  static func answerer(_ data: JSONValue) -> Answerer? {
    guard let to = data["to"], to != .null, to.text != "" else { return Answerer() }
    return agent(to).map { Answerer(agent: $0) }
  }

  /// What an event says; nil if it is of another kind, names no conversation by an id that may be one, or names an agent by
  /// what is no id.
  package static func news(of event: borrowing Event) -> HandoffNews? {
    guard event.kind.isOfHandoff, let id = event.identifier(.conversationID).flatMap(Handoff.ID.init) else {
      return nil
    }
    switch event.kind {
    case .handoffRequested:
      guard event.agentID != .none else { return nil }
      let (read, receivedAt) = (WaitingCoding.readable(event), event.receivedAt)
      let data = read ?? .null
      var handoff = Handoff(id: id, agent: event.agentID, since: receivedAt)
      handoff.isUnread = read == nil
      take(data, lines: data["last_lines"] ?? data["history"], into: &handoff)
      if handoff.skill.isEmpty { handoff.skill = WaitingCoding.plain(event.string(.skill), TextBound.word) }
      return .requested(handoff)
    case .handoffAccepted:
      let sender = event.agentID
      return answerer(WaitingCoding.data(of: event)).map { .accepted(id, by: $0.agent, from: sender) }
    case .handoffRefused:
      let data = WaitingCoding.data(of: event)
      let why = WaitingCoding.plain(data["reason"]?.text, TextBound.word)
      return answerer(data).map { .refused(id, by: $0.agent, why: why) }
    case .waiting, .personAccepted, .conversationEnded, .created, .updated, .deleted, .metrics, .status, .feedback,
      .performanceDegraded, .highTraffic, .satisfactionLow, .securityAlert, .healthCritical, .predictiveAlert,
      .personReturned, .silent, .anomaly, .runaway, .budget, .other:
      return .settled(id, event.kind)
    }
  }

  /// The event that a conversation waits for a person.
  ///
  /// - Parameter proposed: who could have it, if the person agrees; nil if no agent has taken it, or could.
  package static func waits(
    _ handoff: Handoff, proposed: WaitingConversation.Proposed? = nil, at instant: Instant
  ) -> [UInt8] {
    func text(_ text: String) -> JSONValue? { text.isEmpty ? nil : .string(text) }
    let lines: JSONValue? = handoff.lines.isEmpty ? nil : .array(handoff.lines.map { .string($0) })
    return HandlerEvent.encode(
      "agent.waiting", of: handoff.agent,
      [
        "conversation_id": .string(handoff.id.text), "since": handoff.since.json, "skill": text(handoff.skill),
        "language": text(handoff.language), "summary": text(handoff.summary), "last_lines": lines,
        "proposed": proposed.map(WaitingCoding.json),
      ], at: instant)
  }
}
