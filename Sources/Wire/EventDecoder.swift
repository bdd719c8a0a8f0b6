import FleetModel

/// Reads events from the bytes of any transport and format.
///
/// A class since the events it returns borrow its memory: `Event.bytes` points into the payload, or, where a body had
/// to be unescaped or put together, into memory of the decoder's own. Both hold until the next call.
package final class EventDecoder {
  private let outerKeys = OuterKey.table()
  private let dataKeys = DataKey.table()
  private let kinds = EventKind.table()
  private var scratch = Scratch()

  package init() {}

  /// Reads one message: the value of `__data__` in a stream entry, or what was published on a channel.
  ///
  /// `channel` is the channel it was heard on; nil or empty where there was none. It must outlive the event.
  package func decode(
    _ payload: UnsafeRawBufferPointer, channel: UnsafeRawBufferPointer?, receivedAt: Instant
  ) throws(Unreadable) -> Event {
    guard payload.count > 0 else { throw .empty }
    let body = try MessageFormat.binaryBody(payload)
    var event = Event(bytes: body ?? payload, receivedAt: receivedAt)
    if try scan(&event, mayBeEnvelope: body == nil) {
      event = Event(bytes: scratch.bytes, receivedAt: receivedAt)
      _ = try scan(&event, mayBeEnvelope: false)
    }
    guard event.agent.isPresent else { throw .noEntityID }
    resolveKind(&event, channel: channel)
    return event
  }

  /// Reads a stream entry of flat fields, without `__data__`: the event's own, and its data's, where text that is a
  /// number counts as one.
  package func decode(
    fields: [(name: [UInt8], value: [UInt8])], receivedAt: Instant
  ) throws(Unreadable) -> Event {
    scratch.replace(with: FlatEntry.json(fields))
    var event = Event(bytes: scratch.bytes, receivedAt: receivedAt)
    _ = try scan(&event, mayBeEnvelope: false)
    guard event.agent.isPresent else { throw .noEntityID }
    resolveKind(&event, channel: nil)
    return event
  }

  /// Reads the body's outer object into `event`. True where it is an envelope, whose body `scratch` then holds.
  private func scan(_ event: inout Event, mayBeEnvelope: Bool) throws(Unreadable) -> Bool {
    var cursor = try JSONCursor(event.bytes)
    guard try cursor.next() == UInt8(ascii: "{") else { throw Self.reason(&cursor) }
    cursor.at += 1
    var hasTextData = false
    var hasHeaders = false
    guard try cursor.next() != UInt8(ascii: "}") else {
      cursor.at += 1
      try cursor.finish()
      return false
    }
    repeat {
      let name = try cursor.key()
      switch find(name, in: outerKeys, cursor) {
      case .data: hasTextData = try scanData(&cursor, &event, mayBeEnvelope: mayBeEnvelope)
      case .headers:
        hasHeaders = cursor.at.pointee == UInt8(ascii: "{")
        _ = try cursor.value(depth: 1)
      case .entityID: event.agent = Self.scalar(try cursor.value(depth: 1), cursor)
      case .eventType: event.type = try cursor.value(depth: 1)
      case .eventID: event.eventID = try cursor.value(depth: 1)
      case .timestamp: event.publishedAt = Self.instant(try cursor.value(depth: 1), cursor)
      case .source: event.source = try cursor.value(depth: 1)
      case .severity: event.severity = try cursor.value(depth: 1)
      case nil: _ = try cursor.value(depth: 1)
      }
    } while try cursor.another(closing: UInt8(ascii: "}"))
    try cursor.finish()
    return mayBeEnvelope && hasTextData && hasHeaders
  }

  /// Reads the value of `data`. True where it is a string, whose content `scratch` then holds if it may be a body.
  @inline(__always)
  private func scanData(
    _ cursor: inout JSONCursor, _ event: inout Event, mayBeEnvelope: Bool
  ) throws(Unreadable) -> Bool {
    // The last of several counts.
    event.metrics.removeAll()
    event.fields.removeAll()
    switch cursor.at.pointee {
    case UInt8(ascii: "{"):
      try scanMembers(&cursor, &event)
      return false
    case UInt8(ascii: "\"") where mayBeEnvelope:
      cursor.at += 1
      try scratch.unescape(&cursor)
      return true
    default:
      _ = try cursor.value(depth: 1)
      return false
    }
  }

  @inline(__always)
  private func scanMembers(_ cursor: inout JSONCursor, _ event: inout Event) throws(Unreadable) {
    cursor.at += 1
    guard try cursor.next() != UInt8(ascii: "}") else {
      cursor.at += 1
      return
    }
    repeat {
      let name = try cursor.key()
      switch find(name, in: dataKeys, cursor) {
      case .metric(let metric): event.metrics[metric] = try Self.metric(&cursor)
      case .field(let field): event.fields[field] = try cursor.value(depth: 2)
      case nil: _ = try cursor.value(depth: 2)
      }
    } while try cursor.another(closing: UInt8(ascii: "}"))
  }

  @inline(__always)
  private func find<Target>(
    _ name: EventText, in table: borrowing KeyTable<Target>, _ cursor: borrowing JSONCursor
  ) -> Target? {
    guard name.form == .plain else { return table.find(JSONText.unescape(cursor.bytes(name))) }
    return table.find(cursor.start + Int(name.start), Int(name.length), end: cursor.end)
  }

  /// Where no object begins: whether it is JSON all the same.
  private static func reason(_ cursor: inout JSONCursor) -> Unreadable {
    do throws(Unreadable) {
      _ = try cursor.value(depth: 0)
      try cursor.finish()
      return .notAnObject
    } catch {
      return error
    }
  }

  /// An id: any scalar, but not null.
  @inline(__always)
  private static func scalar(_ text: EventText, _ cursor: JSONCursor) -> EventText {
    guard text.form == .json else { return text }
    switch cursor.start[Int(text.start)] {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "n"): return .absent
    default: return text
    }
  }

  /// A metric's number; nil for anything else, and for what is infinite.
  @inline(__always)
  private static func metric(_ cursor: inout JSONCursor) throws(Unreadable) -> Double? {
    let byte = cursor.at.pointee
    guard byte == UInt8(ascii: "-") || byte &- UInt8(ascii: "0") <= 9 else {
      _ = try cursor.value(depth: 2)
      return nil
    }
    let value = try cursor.number().double
    return value.isFinite ? value : nil
  }

  /// The publisher's own time: ISO 8601 or a number since the epoch.
  private static func instant(_ text: EventText, _ cursor: JSONCursor) -> Instant? {
    let bytes = cursor.bytes(text)
    switch text.form {
    case .plain: return ISO8601.parse(bytes)
    case .escaped: return ISO8601.parse(JSONText.unescape(bytes))
    case .absent: return nil
    case .json:
      guard let value = try? JSONValue.parse(bytes), let number = value.double else { return nil }
      return Instant(epoch: number)
    }
  }
}

extension EventDecoder {
  /// Tells the kind: by the channel where it begins with `agent.` or `agents.`, else by `event_type`, which may leave
  /// out `agent.`.
  @inline(__always)
  private func resolveKind(_ event: inout Event, channel: UnsafeRawBufferPointer?) {
    if let channel, let length = Self.prefixLength(channel) {
      event.channel = channel
      event.kind = kind(channel, after: length)
      return
    }
    guard let name = event.raw(event.type) else { return }
    if event.type.form == .escaped {
      let bytes = JSONText.unescape(name)
      event.kind = bytes.withUnsafeBytes { kind($0, after: Self.prefixLength($0) ?? 0) }
    } else if event.type.form == .plain {
      event.kind = kind(name, after: Self.prefixLength(name) ?? 0)
    }
  }

  @inline(__always)
  private func kind(_ name: UnsafeRawBufferPointer, after length: Int) -> EventKind {
    guard let base = name.baseAddress else { return .other }
    return kinds.find(base + length, name.count - length, end: base + name.count) ?? .other
  }

  /// The length of `agent.` or `agents.` where a type begins with it.
  @inline(__always)
  static func prefixLength(_ name: UnsafeRawBufferPointer) -> Int? {
    guard name.count >= 6, let base = name.baseAddress,
      base.loadUnaligned(as: UInt32.self) == UInt32(littleEndian: 0x6E65_6761), name[4] == UInt8(ascii: "t")
    else { return nil }
    if name[5] == UInt8(ascii: ".") { return 6 }
    return name.count >= 7 && name[5] == UInt8(ascii: "s") && name[6] == UInt8(ascii: ".") ? 7 : nil
  }
}
