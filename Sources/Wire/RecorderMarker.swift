import FleetModel

/// Marks one place in both the live channels and the recorded stream: published on `agentos.recorder`, and added to the
/// stream once the recorder hears it. What was heard before it is live, the stream after it is recorded.
///
/// `{"recorder":"h1","fence":3,"nonce":"9f3c…"}`
///
/// All shards of an installation share the channel: there a marker names its shard too, `"shard":3`.
package struct RecorderMarker: Hashable, Sendable {
  /// The handler that records.
  package var handler: String
  package var fence: Int
  /// Tells one subscription of a handler from its next.
  package var nonce: String
  /// Whose stream it marks; nil if the installation is one.
  package var shard: Int?

  package init(handler: String, fence: Int, nonce: String, shard: Int? = nil) {
    self.handler = handler
    self.fence = fence
    self.nonce = nonce
    self.shard = shard
  }

  package func encode() -> [UInt8] {
    let json: JSONValue = [
      "recorder": .string(handler), "fence": .integer(Int64(fence)), "nonce": .string(nonce),
      "shard": shard.map { .integer(Int64($0)) },
    ]
    return json.encoded
  }

  /// Reads a marker; nil if the bytes are none.
  package static func decode(_ payload: UnsafeRawBufferPointer) -> RecorderMarker? {
    guard let json = try? JSONValue.parse(payload), let handler = json["recorder"]?.text,
      let fence = json["fence"]?.int, let nonce = json["nonce"]?.text
    else { return nil }
    return RecorderMarker(handler: handler, fence: fence, nonce: nonce, shard: json["shard"]?.int)
  }

  /// Reads a marker from bytes held elsewhere.
  package static func decode(_ payload: [UInt8]) -> RecorderMarker? { payload.withUnsafeBytes { decode($0) } }
}
