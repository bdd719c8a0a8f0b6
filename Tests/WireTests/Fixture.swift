import FleetModel
import Glibc
import Testing
import Wire

/// Bytes that real FastStream publishers put on the wire; `Fixtures/faststream/index.json` says what each file is.
struct Fixture: CustomTestStringConvertible {
  /// Below `Fixtures/faststream`.
  let path: String

  static let versions = ["0.5.48-json", "0.7.8-binary"]

  var testDescription: String { path }

  var bytes: [UInt8] {
    get throws { try Self.read("faststream/\(path)") }
  }

  /// All files of single messages.
  static let messages: [Fixture] = {
    guard let index = try? JSONValue.parse(read("faststream/index.json")).list else { return [] }
    let paths = index.compactMap { $0["file"]?.text }
    return paths.filter { !$0.contains("stream_all9") && !$0.contains("xinfo") }.map { Fixture(path: $0) }
  }()

  struct Missing: Error { let path: String }

  private static func read(_ path: String) throws -> [UInt8] {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    guard let file = fopen("/\(folder)/Fixtures/\(path)", "rb") else { throw Missing(path: path) }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    return bytes
  }
}

/// An event's values copied out, so that they can be compared after the decoder's memory has moved on.
struct DecodedEvent: Equatable {
  var agent: AgentID
  var kind: EventKind
  var type: String?
  var metrics: [Metric: Double] = [:]
  var fields: [EventField: String] = [:]

  init(_ event: borrowing Event) {
    agent = event.agentID
    kind = event.kind
    type = event.string(event.type)
    for metric in Metric.allCases { metrics[metric] = event.metrics[metric] }
    for field in EventField.allCases { fields[field] = event.string(field) }
  }
}

extension EventDecoder {
  /// Decodes bytes and copies out what `body` takes from the event.
  func read<Value>(
    _ payload: [UInt8], channel: String? = nil, _ body: (borrowing Event) -> Value
  ) throws(Unreadable) -> Value {
    let name = channel.map { Array($0.utf8) } ?? []
    let result: Result<Value, Unreadable> = payload.withUnsafeBytes { buffer in
      name.withUnsafeBytes { channel in
        do throws(Unreadable) {
          return .success(body(try decode(buffer, channel: channel, receivedAt: .epoch)))
        } catch {
          return .failure(error)
        }
      }
    }
    return try result.get()
  }

  func read(_ payload: [UInt8], channel: String? = nil) throws(Unreadable) -> DecodedEvent {
    try read(payload, channel: channel) { DecodedEvent($0) }
  }

  func read(_ text: String, channel: String? = nil) throws(Unreadable) -> DecodedEvent {
    try read(Array(text.utf8), channel: channel)
  }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
