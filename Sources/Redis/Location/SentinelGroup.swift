/// A primary by its name, and the sentinels that know where it is.
package struct SentinelGroup: Equatable, Sendable {
  /// Where one sentinel, or one server of the group, listens.
  package struct Node: Hashable, Sendable, CustomStringConvertible {
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
      self.host = host
      self.port = port
    }

    package var description: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
  }

  /// The sentinels that are asked first; others are learned from them.
  package var sentinels: [Node]
  /// What the sentinels call the group.
  package var name: String
  /// How to log in at the sentinels; the endpoint's own user and password are for the servers.
  package var user: String?
  package var password: String?
  /// How TLS is spoken with the sentinels; nil if it is not.
  package var tls: TLSSettings?

  package init(sentinels: [Node], name: String, user: String? = nil, password: String? = nil) {
    self.sentinels = sentinels
    self.name = name
    self.user = user
    self.password = password
  }

  /// Where sentinels listen if nobody says otherwise.
  static let defaultPort: UInt16 = 26379
  /// More in one URL are refused.
  static let mostListed = 16
  /// The longest name of a group, in bytes.
  static let longestName = 256

  /// How to reach one of the sentinels.
  func endpoint(of sentinel: Node) -> Endpoint {
    Endpoint(address: .tcp(host: sentinel.host, port: sentinel.port), user: user, password: password, tls: tls)
  }
}

extension SentinelGroup: CustomStringConvertible {
  /// The name and the sentinels, without the password.
  package var description: String { "\(name) (sentinels \(sentinels.map(\.description).joined(separator: ", ")))" }
}
