import FleetModel
import Wire

/// The book as it stands in Redis, field by field.
struct StoredHandoffs {
  private(set) var book = HandoffBook()
  private var values: [Handoff.ID: [UInt8]] = [:]
  /// Fields that are no conversations, or more than are kept.
  private(set) var strays: [[UInt8]] = []

  init() {}

  /// - Parameter passedOver: told of each value that is none.
  init(_ pairs: [(name: [UInt8], value: [UInt8])], passedOver: (_ value: [UInt8]) -> Void) {
    var strays: [[UInt8]] = []
    book = HandoffCoding.decode(pairs) { field, value in
      passedOver(value)
      strays.append(field)
    }
    self.strays = strays
    for (field, value) in pairs {
      if let id = String(validating: field, as: UTF8.self).flatMap(Handoff.ID.init), book[id] != nil {
        values[id] = value
      }
    }
  }

  /// Adds what a plan changes of conversations.
  ///
  /// - Returns: what then stands of each; empty for one that is taken out.
  func add(_ plan: HandoffPlan, _ keys: Keys, to transaction: inout Transaction) -> [Handoff.ID: [UInt8]] {
    var changed: [Handoff.ID: [UInt8]] = [:]
    for id in plan.touched where plan.next[id] != book[id] {
      transaction.require("HGET", keys.handoffs, id.text, is: values[id] ?? [])
      let encoded = plan.next[id].map(HandoffCoding.encode) ?? []
      if encoded.isEmpty {
        transaction.change("HDEL", keys.handoffs, id.text)
      } else {
        transaction.change("HSET", keys.handoffs, id.text, encoded)
      }
      changed[id] = encoded
    }
    return changed
  }

  /// Takes what has been written.
  mutating func take(_ next: HandoffBook, _ changed: [Handoff.ID: [UInt8]]) {
    book = next
    values.merge(changed) { $1 }
    for id in changed.keys where book[id] == nil { values[id] = nil }
  }

  mutating func removeStrays(_ count: Int) { strays.removeFirst(min(count, strays.count)) }
}
