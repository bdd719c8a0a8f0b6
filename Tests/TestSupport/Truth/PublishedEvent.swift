import FleetModel
import Wire

/// One event as an agent's service publishes it.
package struct PublishedEvent: Equatable, Sendable {
  /// The part of its type after `agent.`.
  package var type: String
  package var agent: String
  package var numbers: [String: Double]
  package var words: [String: String]
  /// A flag of `agent.created` and `agent.updated`.
  package var isActive: Bool?
  package var eventID: String?

  package init(
    _ type: String, _ agent: String, _ numbers: [String: Double] = [:], words: [String: String] = [:],
    isActive: Bool? = nil, eventID: String? = nil
  ) {
    (self.type, self.agent, self.numbers, self.words) = (type, agent, numbers, words)
    (self.isActive, self.eventID) = (isActive, eventID)
  }

  /// The body that goes on the wire.
  package var json: [UInt8] {
    let fields =
      numbers.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
      + words.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }
      + (isActive.map { ["\"is_active\":\($0)"] } ?? [])
    let id = eventID.map { ",\"event_id\":\"\($0)\"" } ?? ""
    let data = "{" + fields.joined(separator: ",") + "}"
    return Array("{\"entity_id\":\"\(agent)\",\"event_type\":\"\(type)\",\"data\":\(data)\(id)}".utf8)
  }
}

extension PublishedEvent: CustomStringConvertible {
  package var description: String {
    let all = numbers.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" } + words.values.sorted()
    let flag = isActive.map { $0 ? ["active"] : ["inactive"] } ?? []
    return "\(agent) \(type) " + (all + flag).joined(separator: ", ") + (eventID.map { " id \($0)" } ?? "")
  }
}
