import Glibc
import Wire

/// One stream entry as it passes by: its bytes are valid only during the call that receives it.
package struct Entry {
  /// Which of the request's streams it is from, counting from 0.
  package let stream: Int
  package let id: StreamID
  /// The field `__data__`; nil if the entry has none.
  package let payload: UnsafeRawBufferPointer?
  /// The field `channel`, which the recorder adds; empty if the entry was published straight to the stream.
  package let channel: UnsafeRawBufferPointer
  /// All fields, if there is no `__data__`.
  package let fields: [(name: [UInt8], value: [UInt8])]
  /// Whether a value was too long: what is here of it is only its beginning.
  package let isOversized: Bool
}

/// Puts entries together from the values that the reply reader meets one by one.
///
/// ```
/// XREAD   root ─ stream ─┬─ key                         XRANGE   root ─ entry ─┬─ id
///                        └─ entries ─ entry ─┬─ id                            └─ fields ─ name, value …
///                                            └─ fields ─ name, value …
/// ```
///
/// In the usual entry `__data__` is the last field and is handed over from the reader's own buffer; where more follows
/// it, it is copied first.
package final class EntryAssembler {
  /// Where entries stand in the reply.
  package enum Shape: Sendable {
    case read, range
    /// How many arrays are around an entry.
    var entryDepth: Int { self == .read ? 3 : 1 }
  }

  private let shape: Shape
  private let streams: [[UInt8]]
  private let deliver: (Entry) -> Void

  private var stream = 0
  /// The entry met last; nil before the first of a reply.
  package private(set) var id: StreamID?
  private var fieldTotal = 0
  private var name: FieldName = .other
  private var nameBytes: [UInt8] = []
  private var channel: [UInt8] = []
  private var payload: [UInt8]?
  private var fields: [(name: [UInt8], value: [UInt8])] = []
  /// How many entries this reply held.
  package private(set) var count = 0
  /// How many bytes their values had.
  package private(set) var bytes = 0
  private var isOversized = false

  private enum FieldName { case data, channel, other }

  /// - Parameter streams: the keys of the request, in order; empty for a range.
  package init(_ shape: Shape, streams: [[UInt8]] = [], deliver: @escaping (Entry) -> Void) {
    self.shape = shape
    self.streams = streams
    self.deliver = deliver
  }

  /// Forgets what an earlier reply left, so that one assembler can serve a connection for all its life.
  package func begin() {
    count = 0
    bytes = 0
    id = nil
    stream = 0
  }

  /// An array begins at a depth, as an element of its parent.
  func array(depth: Int, index: Int, count elements: Int) {
    guard depth == shape.entryDepth + 1, index == 1 else { return }
    fieldTotal = elements
    channel.removeAll(keepingCapacity: true)
    payload = nil
    isOversized = false
    if !fields.isEmpty { fields.removeAll(keepingCapacity: true) }
  }

  /// A string stands at a depth, as an element of its parent.
  func string(_ bytes: UnsafeRawBufferPointer, depth: Int, index: Int, isOversized: Bool) {
    if isOversized { self.isOversized = true }
    switch depth - shape.entryDepth {
    case -1 where shape == .read && index == 0:
      stream = streams.firstIndex { bytes.isEqual(to: $0) } ?? 0
    case 1 where index == 0:
      id = StreamID(bytes)
    case 2 where index & 1 == 0:
      setName(bytes)
    case 2:
      setValue(bytes, isLast: index == fieldTotal - 1)
    default:
      break
    }
  }

  private func setName(_ bytes: UnsafeRawBufferPointer) {
    if bytes.isEqual(to: Keys.dataField) {
      name = .data
    } else if bytes.isEqual(to: Keys.channelField) {
      name = .channel
    } else {
      name = .other
      nameBytes = Array(bytes)
    }
  }

  private func setValue(_ bytes: UnsafeRawBufferPointer, isLast: Bool) {
    self.bytes += bytes.count
    switch name {
    case .data where isLast:
      return finish(bytes)
    case .data:
      payload = Array(bytes)
    case .channel:
      channel.append(contentsOf: bytes)
      if isLast, payload == nil { fields.append((Keys.channelField, Array(bytes))) }
    case .other:
      fields.append((nameBytes, Array(bytes)))
    }
    guard isLast else { return }
    if let payload { payload.withUnsafeBytes { finish($0) } } else { finish(nil) }
  }

  private func finish(_ payload: UnsafeRawBufferPointer?) {
    guard let id else { return }
    count += 1
    channel.withUnsafeBytes { channel in
      deliver(
        Entry(
          stream: stream, id: id, payload: payload, channel: channel, fields: payload == nil ? fields : [],
          isOversized: isOversized))
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Byte by byte, in as few steps as there may be.
  @inline(__always)
  package func isEqual(to other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    guard let start = baseAddress else { return true }
    return other.withUnsafeBytes { memcmp(start, $0.baseAddress ?? start, $0.count) == 0 }
  }

  @inline(__always)
  func isEqual(to word: StaticString) -> Bool {
    guard let baseAddress, count == word.utf8CodeUnitCount else { return false }
    return memcmp(baseAddress, word.utf8Start, count) == 0
  }
}
