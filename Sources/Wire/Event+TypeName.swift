import FleetModel

extension Event {
  /// The dotted type, whoever told it: `agent.created` for the channel `agents.created` and for the event type
  /// `created` alike. `agent.` alone if there is none.
  package var typeName: String {
    if let known = kind.type { return known }
    let name = channel.isEmpty ? unescaped(type) ?? [] : Array(channel)
    let text = String(decoding: name, as: UTF8.self)
    if let length = name.withUnsafeBytes({ EventDecoder.prefixLength($0) }) {
      return "agent." + String(decoding: name[length...], as: UTF8.self)
    }
    return name.contains(UInt8(ascii: ".")) ? text : "agent." + text
  }
}
