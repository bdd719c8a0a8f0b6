import FleetModel

/// Conversations that wait for a person: as a field of `agentos:waiting` holds one, as `agentos:waiting:state` says what
/// holds for all of them, and as events tell of them.
///
/// ```json
/// {"agent":"agent-7","since":"2026-11-22T08:00:00.000Z","skill":"refunds","language":"pt","summary":"charged twice",
///  "lines":["user: I want my money back"],"proposed":{"agent":"refunds-2","why":"refunds, pt, 3 of 8 open"},
///  "hand":{"by":"ana@ops","at":"…"}}
/// ```
/// ```json
/// {"level_ms":300000,"levels":[{"skill":"refunds*","level_ms":120000}],"left_out":2,"page":{"since":"…","told":["pager"]}}
/// ```
/// What is empty is left out.
package enum WaitingCoding {
  /// A longer value is not read.
  package static let mostBytes = 64 << 10
  /// A longer event is read only as far as its known fields go.
  private static let mostEventBytes = TextBound.data

  // MARK: A conversation

  package static func encode(_ conversation: WaitingConversation) -> [UInt8] {
    JSONValue.object(object(conversation)).encoded
  }

  /// The same with its id, as tools print it.
  package static func json(_ conversation: WaitingConversation) -> JSONValue {
    var json = JSONObject()
    json["conversation_id"] = .string(conversation.id.text)
    for member in object(conversation).members { json[member.key] = member.value }
    return .object(json)
  }

  private static func object(_ conversation: WaitingConversation) -> JSONObject {
    var json = JSONObject()
    json["agent"] = .string(conversation.agent.bytes)
    json["since"] = conversation.since.json
    for (name, text) in [
      ("skill", conversation.skill), ("language", conversation.language), ("summary", conversation.summary),
    ] where !text.isEmpty { json[name] = .string(text) }
    if !conversation.lines.isEmpty { json["lines"] = .array(conversation.lines.map { .string($0) }) }
    json["proposed"] = conversation.proposed.map(self.json)
    json["hand"] = conversation.hand.map { ["by": .string($0.by), "at": $0.at.json] }
    return json
  }

  static func json(_ proposed: WaitingConversation.Proposed) -> JSONValue {
    ["agent": .string(proposed.agent.bytes), "why": proposed.why.isEmpty ? nil : .string(proposed.why)]
  }

  /// Nil for what is no such object, or stands under what is no id.
  package static func decode(_ field: [UInt8], _ value: [UInt8]) -> WaitingConversation? {
    guard value.count <= mostBytes, let text = String(validating: field, as: UTF8.self),
      let id = WaitingConversation.ID(text), let json = try? JSONValue.parse(value),
      let agent = json["agent"]?.bytes.flatMap({ AgentID(outside: $0) }), agent != .none,
      let since = instant(json["since"])
    else { return nil }
    var conversation = WaitingConversation(id: id, agent: agent, since: since)
    take(json, lines: json["lines"], into: &conversation)
    if let hand = json["hand"], let by = hand["by"]?.text, let at = instant(hand["at"]) {
      conversation.hand = WaitingConversation.Hand(by: by, at: at)
    }
    return conversation
  }

  private static func take(_ json: JSONValue, lines: JSONValue?, into conversation: inout WaitingConversation) {
    conversation.skill = plain(json["skill"]?.text, TextBound.word)
    conversation.language = plain(json["language"]?.text, TextBound.word)
    conversation.summary = plain(json["summary"]?.text, TextBound.words)
    conversation.lines = (lines?.list ?? []).suffix(WaitingConversation.mostLines).compactMap(line)
    conversation.proposed = proposed(json["proposed"])
  }

  /// Whether there is such an agent is for whoever hands over to it: it may have left since.
  private static func proposed(_ json: JSONValue?) -> WaitingConversation.Proposed? {
    guard let agent = json?["agent"]?.bytes.flatMap({ AgentID(outside: $0) }), agent != .none else { return nil }
    return WaitingConversation.Proposed(agent: agent, why: plain(json?["why"]?.text, TextBound.words))
  }

  /// A text, or what somebody said: `{"from":"user","text":"help"}`.
  static func line(_ json: JSONValue) -> String? {
    let text = json.text ?? json["text"]?.text.map { words in json["from"]?.text.map { "\($0): \(words)" } ?? words }
    let plain = plain(text, TextBound.words)
    return plain.isEmpty ? nil : plain
  }

  /// On one line, without anything that steers a terminal, and no longer than it may be.
  static func plain(_ text: String?, _ most: Int) -> String {
    let scalars = (text ?? "").clipped(toBytes: most).unicodeScalars.map { scalar -> Unicode.Scalar in
      scalar.properties.generalCategory == .control ? " " : scalar
    }
    return String(String.UnicodeScalarView(scalars)).clipped(toBytes: most)
  }

  // MARK: The book

  package static func encodeState(of book: WaitingBook) -> [UInt8] {
    let page: JSONValue? = book.page.map {
      ["since": $0.since.json, "told": $0.told.isEmpty ? nil : .array($0.told.map { .string($0) })]
    }
    let json: JSONValue = [
      "level_ms": .integer(book.level.milliseconds), "levels": json(book.levels.entries),
      "left_out": book.leftOut == 0 ? nil : .integer(Int64(book.leftOut)), "page": page,
    ]
    return json.encoded
  }

  /// A book as it is stored.
  ///
  /// - Parameter passedOver: told of each field that is no conversation or beyond what is kept, and of a state that is none (`nil`).
  package static func decode(
    conversations: [(name: [UInt8], value: [UInt8])], state: [UInt8]?,
    passedOver: (_ field: [UInt8]?, _ value: [UInt8]) -> Void = { _, _ in }
  ) -> WaitingBook {
    var book = WaitingBook()
    for (field, value) in conversations {
      guard !book.isFull, let conversation = decode(field, value) else {
        passedOver(field, value)
        continue
      }
      book.set(conversation)
    }
    guard let state else { return book }
    guard state.count <= mostBytes, let json = try? JSONValue.parse(state), let level = json["level_ms"]?.int, level > 0
    else {
      passedOver(nil, state)
      return book
    }
    book.setLevels(WaitingLevels(usual: TimeSpan(milliseconds: Int64(level)), entries(json["levels"])))
    book.leftOut += max(0, json["left_out"]?.int ?? 0)
    if let page = json["page"], let since = instant(page["since"]) {
      let told = (page["told"]?.list ?? []).lazy.compactMap { $0.text?.clipped(toBytes: TextBound.title) }.prefix(64)
      book.page = WaitingBook.Page(since: since, told: Array(told))
    }
    return book
  }

  /// Levels of skills; nil if there is none.
  package static func json(_ entries: [WaitingLevels.Entry]) -> JSONValue? {
    entries.isEmpty
      ? nil
      : .array(entries.map { ["skill": .string($0.skill.bytes), "level_ms": .integer($0.level.milliseconds)] })
  }

  private static func entries(_ json: JSONValue?) -> [WaitingLevels.Entry] {
    (json?.list ?? []).prefix(WaitingLevels.mostEntries).compactMap { entry in
      guard let skill = entry["skill"]?.bytes.flatMap({ Glob($0, .stars) }), let level = entry["level_ms"]?.int,
        level > 0
      else { return nil }
      return WaitingLevels.Entry(skill: skill, level: TimeSpan(milliseconds: Int64(level)))
    }
  }

  // MARK: Events

  /// What an event says; nil if it is of another kind, or names no conversation by an id that may be one.
  package static func news(of event: borrowing Event) -> WaitingNews? {
    guard event.kind.isOfWaiting, let id = event.identifier(.conversationID).flatMap(WaitingConversation.ID.init) else {
      return nil
    }
    switch event.kind {
    case .personReturned: return .returned(id)
    case .handoffAccepted:
      guard let named = HandoffCoding.answerer(data(of: event)) else { return nil }
      return .moved(id, to: named.agent, from: event.agentID)
    case .handoffRefused: return HandoffCoding.answerer(data(of: event)).map { .refused(id, by: $0.agent) }
    case .conversationEnded: return .ended(id)
    case .personAccepted:
      let by = data(of: event)["person"]?.text ?? ""
      let hand = WaitingConversation.Hand(by: by.isEmpty ? WaitingConversation.Hand.unnamed : by, at: event.receivedAt)
      return .taken(id, hand)
    case .waiting, .created, .updated, .deleted, .metrics, .status, .feedback, .performanceDegraded, .highTraffic,
      .satisfactionLow, .securityAlert, .healthCritical, .predictiveAlert, .handoffRequested, .silent,
      .anomaly, .runaway, .budget, .other:
      return .waits(conversation(id, event))
    }
  }

  private static func conversation(
    _ id: WaitingConversation.ID, _ event: borrowing Event
  ) -> WaitingConversation {
    let (data, receivedAt) = (data(of: event), event.receivedAt)
    // Nobody waits from the future on, and what is said to have begun long ago is a mistake.
    let said = instant(data["since"]) ?? receivedAt
    let since = said < receivedAt - longestWait ? receivedAt : said.noLater(than: receivedAt)
    var conversation = WaitingConversation(id: id, agent: event.agentID, since: since)
    take(data, lines: data["last_lines"], into: &conversation)
    if conversation.skill.isEmpty { conversation.skill = plain(event.string(.skill), TextBound.word) }
    return conversation
  }

  /// A wait that is said to be longer counts from the event on.
  private static let longestWait = TimeSpan.days(30)

  /// What stands in it; nothing if it is too long to be read for a few words.
  static func data(of event: borrowing Event) -> JSONValue { readable(event) ?? .null }

  /// What stands in it; nil if it is too long to be read for a few words, or no JSON.
  static func readable(_ event: borrowing Event) -> JSONValue? {
    guard event.bytes.count <= mostEventBytes, let json = try? JSONValue.parse(event.bytes) else { return nil }
    return json["data"] ?? json
  }

  static func instant(_ json: JSONValue?) -> Instant? { json.flatMap { Instant(json: $0) } }
}
