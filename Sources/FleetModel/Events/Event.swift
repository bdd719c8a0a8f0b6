/// One decoded event, borrowed from the bytes it was read from.
///
/// Nothing is copied out of the wire but numbers: texts are stretches of `bytes`, which are valid only until the call
/// that received the event returns. What must outlive it is taken out as a `String` or an `AgentID`.
package struct Event {
  /// The event's JSON body. Every `EventText` counts from its start.
  package var bytes: UnsafeRawBufferPointer
  /// `entity_id`: a string stands for itself, any other scalar for its JSON text.
  package var agent: EventText
  package var kind: EventKind
  /// The dotted type as published, of a `.other` event too; `agents.` is not yet read as `agent.` here.
  package var type: EventText
  /// Where the type came from a channel, that channel's bytes; otherwise empty, and `type` is in `bytes`.
  package var channel: UnsafeRawBufferPointer
  package var metrics: MetricValues
  /// Its values of the metrics in the fleet's table.
  package var openMetrics: OpenValues
  package var fields: EventFields
  /// `event_id`, if the publisher set one.
  package var eventID: EventText
  package var source: EventText
  package var severity: EventText
  /// The publisher's own time: shown, never used for windows or ages.
  package var publishedAt: Instant?
  /// The stream entry's time, or the time of receipt: what windows, rates and ages go by.
  package var receivedAt: Instant

  package init(bytes: UnsafeRawBufferPointer, receivedAt: Instant) {
    self.bytes = bytes
    self.receivedAt = receivedAt
    agent = .absent
    kind = .other
    type = .absent
    channel = UnsafeRawBufferPointer(start: nil, count: 0)
    metrics = MetricValues()
    openMetrics = OpenValues()
    fields = EventFields()
    eventID = .absent
    source = .absent
    severity = .absent
  }

  /// What the handler sets as the source of the events that it publishes itself.
  package static let handlerSource = "vigia"

  /// Whether the handler says it of the agent: the agent itself was not heard by that.
  @inline(__always)
  package var isOfHandler: Bool {
    source.isPresent && raw(source)?.elementsEqual(Self.handlerSource.utf8) == true
  }

  /// The bytes of a text as they stand on the wire; nil if it is absent.
  package func raw(_ text: EventText) -> UnsafeRawBufferPointer? {
    guard text.isPresent else { return nil }
    let start = Int(text.start)
    return UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(text.length)])
  }

  /// The text of a string field, unescaped, or the JSON text of another value; nil if it is absent or null.
  ///
  /// - Parameter most: how many bytes of it are taken: nothing is worked on that nobody keeps.
  package func string(_ text: EventText, most: Int = .max) -> String? {
    guard let bytes = unescaped(text, most: most) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The same of a field, as far as its text is kept.
  package func string(_ field: EventField) -> String? { string(fields.text(field), most: field.bound) }

  /// A field that is an id: nil also if it is longer than one may be, or no valid UTF-8, for a part of it would be
  /// another's.
  package func identifier(_ field: EventField) -> String? {
    let most = field.bound
    guard let bytes = unescaped(fields.text(field), most: most + 1), bytes.count <= most else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// The strings of an array field, unescaped, at most `limit` of them; other elements are passed over. A single
  /// string counts as an array of one.
  package func strings(_ field: EventField, limit: Int = 16) -> [String] {
    let text = fields.text(field)
    guard let raw = raw(text) else { return [] }
    guard text.form == .json else { return [string(text, most: field.bound) ?? ""] }
    return JSONText.strings(inArray: raw, limit: limit, most: field.bound)
  }

  /// `true` or `false`; nil if the field is absent or something else.
  package func flag(_ field: EventField) -> Bool? {
    guard let raw = raw(fields.text(field)) else { return nil }
    if raw.elementsEqual("true".utf8) { return true }
    if raw.elementsEqual("false".utf8) { return false }
    return nil
  }

  /// One of the four words of severity, in capitals or not; nil if the field is absent or something else.
  package func severity(_ field: EventField) -> Severity? {
    let text = fields.text(field)
    guard text.form != .escaped else { return string(text).flatMap { Severity(word: $0) } }
    guard let raw = raw(text), raw.count <= 8 else { return nil }
    return Severity.allCases.first { severity in
      // Bit 5 is all that tells an ASCII letter from its capital.
      severity.rawValue.utf8.elementsEqual(raw.lazy.map { $0 | 0x20 })
    }
  }

  /// The agent's id, copied out.
  package var agentID: AgentID { AgentID(bytes: unescaped(agent) ?? []) }

  /// A text's bytes, copied out and unescaped; nil if it is absent or null.
  ///
  /// - Parameter most: how many bytes of it are taken at the most, whole code points.
  package func unescaped(_ text: EventText, most: Int = .max) -> [UInt8]? {
    guard let raw = raw(text) else { return nil }
    switch text.form {
    case .absent: return nil
    case .plain: return Self.copy(raw, most)
    case .escaped: return JSONText.unescape(raw, most: most)
    case .json: return raw.elementsEqual("null".utf8) ? nil : Self.copy(raw, most)
    }
  }

  private static func copy(_ raw: UnsafeRawBufferPointer, _ most: Int) -> [UInt8] {
    guard raw.count > most else { return Array(raw) }
    return Unicode.Scalar.Cut.bytes(Array(raw[..<(most + 1)]), to: most)
  }
}
