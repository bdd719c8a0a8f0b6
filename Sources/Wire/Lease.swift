import FleetModel

/// The active handler's lease: the value of `agentos:handler`, a key that expires.
package struct Lease: Equatable, Sendable {
  /// The handler's own id.
  package var id: String
  /// The number of its takeover: a script with a lower one is refused.
  package var fence: Int
  package var isRecording: Bool
  /// The channel patterns that it records.
  package var patterns: [String]
  /// When it took over.
  package var since: Instant
  package var protocolVersion: Int
  /// What is wrong with a settings file that it did not take, so that it goes on by the old one; nil if nothing is.
  package var fault: String?
  /// What is wrong with the server's memory; nil if nothing is.
  package var warning: String?
  /// Why rules are held back though automation is on; nil while they are not.
  package var held: String?
  /// Names the metrics and levels by which it judges, so that consoles read them when they have changed; nil as long as
  /// it has not written them.
  package var levels: String?
  /// Into how many shards its installation is divided; nil if it is one.
  package var shards: Int?

  package init(
    id: String, fence: Int, isRecording: Bool, patterns: [String] = Keys.recordedPatterns, since: Instant,
    protocolVersion: Int = 1, fault: String? = nil, warning: String? = nil, held: String? = nil,
    levels: String? = nil, shards: Int? = nil
  ) {
    self.id = id
    self.fence = fence
    self.isRecording = isRecording
    self.patterns = patterns
    self.since = since
    self.protocolVersion = protocolVersion
    self.fault = fault
    self.warning = warning
    self.held = held
    self.levels = levels
    self.shards = shards
  }
}

/// `{"id":"h1","fence":3,"recording":true,"patterns":["agent.*"],"since":"2026-11-22T08:00:00.000Z","protocol":1}`
///
/// `fault`, `warning`, `held`, `levels` and `shards` stand behind it while there is one.
package enum LeaseCoding {
  package static func encode(_ lease: Lease) -> [UInt8] {
    let json: JSONValue = [
      "id": .string(lease.id),
      "fence": .integer(Int64(lease.fence)),
      "recording": .bool(lease.isRecording),
      "patterns": .array(lease.patterns.map { .string($0) }),
      "since": lease.since.json,
      "protocol": .integer(Int64(lease.protocolVersion)),
      "fault": lease.fault.map { .string($0) },
      "warning": lease.warning.map { .string($0) },
      "held": lease.held.map { .string($0) },
      "levels": lease.levels.map { .string($0) },
      "shards": lease.shards.map { .integer(Int64($0)) },
    ]
    return json.encoded
  }

  /// Reads a lease; nil if it has no id, fence or time.
  package static func decode(_ payload: UnsafeRawBufferPointer) -> Lease? {
    guard let json = try? JSONValue.parse(payload), let id = json["id"]?.text, let fence = json["fence"]?.int,
      let since = json["since"].flatMap({ Instant(json: $0) })
    else { return nil }
    return Lease(
      id: id, fence: fence, isRecording: json["recording"]?.bool ?? false,
      patterns: json["patterns"]?.list?.compactMap(\.text) ?? [], since: since,
      protocolVersion: json["protocol"]?.int ?? 1, fault: json["fault"]?.text, warning: json["warning"]?.text,
      held: json["held"]?.text, levels: json["levels"]?.text,
      shards: json["shards"]?.int)
  }

  /// Reads a lease from bytes held elsewhere.
  package static func decode(_ payload: [UInt8]) -> Lease? { payload.withUnsafeBytes { decode($0) } }
}
