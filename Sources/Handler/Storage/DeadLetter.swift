import FleetModel
import Redis
import Wire

/// Something that cannot be handled, put aside in `agentos:dead` where a person finds it: where it came from, why, and its
/// bytes as they were.
///
/// Entry fields: `source` (the key of the stream or set it stood in), `id` (its entry there; left out if it has none),
/// `reason`, `__data__`.
struct DeadLetter {
  var source: [UInt8]
  var id: StreamID?
  var reason: String
  var bytes: [UInt8]

  func add(to transaction: inout Transaction, keys: Keys) {
    var fields: [any RequestArgument] = ["*", "source", source]
    if let id { fields += ["id", id] }
    fields += ["reason", reason, Keys.dataField, bytes]
    transaction.change("XADD", keys.dead, all: fields)
    transaction.noteDeadLetter(from: source)
  }
}
