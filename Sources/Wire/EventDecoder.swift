import FleetModel

/// Reads events from the bytes of any transport and format.
///
/// A class since the events it returns borrow its memory: `Event.bytes` points into the payload, or, if a body had
/// to be unescaped or put together, into memory of the decoder's own. Both hold until the next call.
package final class EventDecoder {
  private let outerKeys = OuterKey.table()
  private let dataKeys: FieldNameTable<DataKey>
  private let kinds = EventKind.table()
  private var scratch = Scratch()

  /// - Parameter metrics: the open metrics that it looks for; an event holds their values by the places of this table.
  package init(metrics: MetricTable = .builtIn) {
    dataKeys = DataKey.table(metrics)
  }

  /// Reads one message: the value of `__data__` in a stream entry, or what was published on a channel.
  ///
  /// `channel` is the channel it was heard on; nil or empty if there was none. It must outlive the event.
  package func decode(
    _ payload: UnsafeRawBufferPointer, channel: UnsafeRawBufferPointer?, receivedAt: Instant
  ) throws(Unreadable) -> Event {
    var event = Event(bytes: payload, receivedAt: receivedAt)
    try decode(payload, channel: channel, receivedAt: receivedAt, into: &event)
    return event
  }

  /// The same in an event's memory that is used again and again, which spares the hot path half a kilobyte of copying
  /// an event. If it fails the event holds nothing of use.
  package func decode(
    _ payload: UnsafeRawBufferPointer, channel: UnsafeRawBufferPointer?, receivedAt: Instant, into event: inout Event
  ) throws(Unreadable) {
    guard payload.count > 0 else { throw .empty }
    let body = try MessageFormat.binaryBody(payload)
    Self.reset(&event, to: body ?? payload)
    event.receivedAt = receivedAt
    if try scan(&event, mayBeEnvelope: body == nil) {
      Self.reset(&event, to: scratch.bytes)
      _ = try scan(&event, mayBeEnvelope: false)
    }
    try Self.checkID(event)
    resolveKind(&event, channel: channel)
  }

  /// Makes an event that may hold another's values an empty one.
  private static func reset(_ event: inout Event, to bytes: UnsafeRawBufferPointer) {
    let absent = EventText.absent
    event.bytes = bytes
    event.agent = absent
    event.kind = .other
    event.type = absent
    event.channel = UnsafeRawBufferPointer(start: nil, count: 0)
    event.eventID = absent
    event.source = absent
    event.severity = absent
    event.publishedAt = nil
    forgetData(&event)
  }

  /// Reads a stream entry of flat fields, without `__data__`: the event's own, and its data's, where text that is a
  /// number counts as one.
  package func decode(
    fields: [(name: [UInt8], value: [UInt8])], receivedAt: Instant
  ) throws(Unreadable) -> Event {
    scratch.replace(with: FlatEntry.json(fields))
    var event = Event(bytes: scratch.bytes, receivedAt: receivedAt)
    _ = try scan(&event, mayBeEnvelope: false)
    try Self.checkID(event)
    resolveKind(&event, channel: nil)
    return event
  }

  /// Reads the body's outer object into `event`. True if it is an envelope, whose body `scratch` then holds.
  private func scan(_ event: inout Event, mayBeEnvelope: Bool) throws(Unreadable) -> Bool {
    var cursor = try JSONCursor(event.bytes)
    guard try cursor.next() == UInt8(ascii: "{") else { throw Self.reason(cursor) }
    cursor.at += 1
    var hasTextData = false
    var hasHeaders = false
    var hasData = false
    if try cursor.next() == UInt8(ascii: "}") {
      cursor.at += 1
    } else {
      repeat {
        let target = find(try cursor.key(), in: outerKeys, end: cursor.end)
        guard target != .data else {
          if hasData { Self.forgetData(&event) }
          hasData = true
          hasTextData = try scanData(&cursor, &event, mayBeEnvelope: mayBeEnvelope)
          continue
        }
        let isObject = cursor.at.pointee == UInt8(ascii: "{")
        let token = try cursor.value(depth: 1)
        switch target {
        case .entityID: event.agent = Self.isID(token) ? token.text(in: cursor) : .absent
        case .eventType: event.type = token.text(in: cursor)
        case .headers: hasHeaders = isObject
        case .eventID: event.eventID = token.text(in: cursor)
        case .timestamp: event.publishedAt = Self.instant(token)
        case .source: event.source = token.text(in: cursor)
        case .severity: event.severity = token.text(in: cursor)
        case .data, nil: break
        }
      } while try cursor.another(closing: UInt8(ascii: "}"))
    }
    try cursor.finish()
    return mayBeEnvelope && hasTextData && hasHeaders
  }

  /// Fails if the event names no agent, or names one by what is no id.
  @inline(__always)
  private static func checkID(_ event: borrowing Event) throws(Unreadable) {
    guard let raw = event.raw(event.agent) else { throw .noEntityID }
    guard event.agent.form != .escaped else { return try checkEscapedID(raw) }
    if let fault = AgentID.fault(in: raw) { throw Unreadable(fault) }
  }

  @inline(never)
  private static func checkEscapedID(_ raw: UnsafeRawBufferPointer) throws(Unreadable) {
    // No escape has more than twelve bytes for one that it stands for.
    guard raw.count <= 12 * AgentID.mostBytes else { throw .idTooLong }
    if let fault = JSONText.unescape(raw).withUnsafeBytes({ AgentID.fault(in: $0) }) { throw Unreadable(fault) }
  }

  /// Of several `data` the last counts.
  private static func forgetData(_ event: inout Event) {
    event.metrics.removeAll()
    event.openMetrics.removeAll()
    event.fields.removeAll()
  }

  /// Reads the value of `data`. True if it is a string, whose content `scratch` then holds if it may be a body.
  @inline(__always)
  private func scanData(
    _ cursor: inout JSONCursor, _ event: inout Event, mayBeEnvelope: Bool
  ) throws(Unreadable) -> Bool {
    if cursor.at.pointee == UInt8(ascii: "{") {
      cursor.at = try scanMembers(cursor, &event)
      return false
    }
    let isText = mayBeEnvelope && cursor.at.pointee == UInt8(ascii: "\"")
    var other = cursor
    if isText {
      other.at += 1
      try scratch.unescape(&other)
    } else {
      _ = try other.value(depth: 1)
    }
    cursor.at = other.at
    return isText
  }

  /// Reads the members of `data`, the cursor standing at its brace; returns where it ends.
  @inline(never)
  private func scanMembers(
    _ place: JSONCursor, _ event: inout Event
  ) throws(Unreadable) -> UnsafePointer<UInt8> {
    var cursor = place
    cursor.at += 1
    guard try cursor.next() != UInt8(ascii: "}") else { return cursor.at + 1 }
    repeat {
      let target = find(try cursor.key(), in: dataKeys, end: cursor.end)
      if case .metric(let metric, let isAlias) = target, Self.beginsNumber(cursor.at.pointee) {
        let value = try cursor.double()
        event.metrics[metric] = value.isFinite ? value : nil
        if isAlias { event.metrics.noteAlias() }
        continue
      }
      let token = try cursor.value(depth: 2)
      switch target {
      case .metric(let metric, let isAlias):
        event.metrics[metric] = nil
        if isAlias { event.metrics.noteAlias() }
      case .field(let field): event.fields[field] = token.text(in: cursor)
      case .open(let place):
        event.openMetrics[MetricPlace(rawValue: Int(place))] = Self.number(token, cursor)
      case nil: break
      }
    } while try cursor.another(closing: UInt8(ascii: "}"))
    return cursor.at
  }

  /// The number that a value is; nil if it is none, or one that is not finite.
  @inline(never)
  private static func number(_ token: JSONToken, _ cursor: JSONCursor) -> Double? {
    guard case .json = token.form, beginsNumber(token.start.pointee) else { return nil }
    var place = cursor
    place.at = token.start
    guard let value = try? place.double(), value.isFinite else { return nil }
    return value
  }

  @inline(__always)
  private static func beginsNumber(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") <= 9 || byte == UInt8(ascii: "-")
  }

  @inline(__always)
  private func find<Target>(
    _ name: JSONToken, in table: borrowing FieldNameTable<Target>, end: UnsafePointer<UInt8>
  ) -> Target? {
    if case .plain = name.form { return table.find(name.start, name.count, end: end) }
    return table.find(name.content)
  }

  /// Where no object begins: whether it is JSON all the same.
  private static func reason(_ cursor: JSONCursor) -> Unreadable {
    var cursor = cursor
    do throws(Unreadable) {
      _ = try cursor.value(depth: 0)
      try cursor.finish()
      return .notAnObject
    } catch {
      return error
    }
  }

  /// Any scalar is an id, but not null.
  @inline(__always)
  private static func isID(_ token: JSONToken) -> Bool {
    guard case .json = token.form else { return true }
    let first = token.start.pointee
    return first != UInt8(ascii: "{") && first != UInt8(ascii: "[") && first != UInt8(ascii: "n")
  }

  /// The publisher's own time: ISO 8601 or a number since the epoch.
  private static func instant(_ token: JSONToken) -> Instant? {
    switch token.form {
    case .plain: return ISO8601.parse(token.bytes)
    case .escaped: return ISO8601.parse(token.content)
    case .absent: return nil
    case .json:
      guard let value = try? JSONValue.parse(token.bytes), let number = value.double else { return nil }
      return Instant(epoch: number)
    }
  }
}

extension EventDecoder {
  /// Tells the kind: by the channel if it begins with `agent.` or `agents.`, else by `event_type`, which may leave
  /// out `agent.`.
  @inline(__always)
  private func resolveKind(_ event: inout Event, channel: UnsafeRawBufferPointer?) {
    if let channel, let length = Self.prefixLength(channel) {
      event.channel = channel
      event.kind = kind(channel, after: length)
      return
    }
    guard let name = event.raw(event.type) else { return }
    switch event.type.form {
    case .plain: event.kind = kind(name, after: Self.prefixLength(name) ?? 0)
    case .escaped:
      let bytes = JSONText.unescape(name)
      event.kind = bytes.withUnsafeBytes { kind($0, after: Self.prefixLength($0) ?? 0) }
    case .absent, .json: break
    }
  }

  @inline(__always)
  private func kind(_ name: UnsafeRawBufferPointer, after length: Int) -> EventKind {
    guard let base = name.baseAddress else { return .other }
    return kinds.find(base + length, name.count - length, end: base + name.count) ?? .other
  }

  /// The length of `agent.` or `agents.` if a type begins with it.
  @inline(__always)
  static func prefixLength(_ name: UnsafeRawBufferPointer) -> Int? {
    guard name.count >= 6, let base = name.baseAddress,
      base.loadUnaligned(as: UInt32.self) == UInt32(littleEndian: 0x6E65_6761), name[4] == UInt8(ascii: "t")
    else { return nil }
    if name[5] == UInt8(ascii: ".") { return 6 }
    return name.count >= 7 && name[5] == UInt8(ascii: "s") && name[6] == UInt8(ascii: ".") ? 7 : nil
  }
}
