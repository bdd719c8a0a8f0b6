import FleetModel
import Wire

/// One entry of a stream of commands, as it was delivered to this handler.
struct Delivery: Hashable {
  let stream: [UInt8]
  let entry: StreamID

  /// Tells the group that it is dealt with.
  func acknowledge(in transaction: inout Transaction) { transaction.change("XACK", stream, Keys.group, entry) }

  /// The stream's name, for the audit.
  var source: String { String(decoding: stream, as: UTF8.self) }
}
