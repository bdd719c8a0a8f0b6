/// Where a program serves: `127.0.0.1:9464`, `[::1]:9464`, `localhost:9464`, or `:9464` for all addresses of the machine.
package struct ListenAddress: Equatable, Sendable {
  package let address: IPAddress
  /// 0 is any that is free.
  package let port: UInt16

  package static let form = "an address and a port such as 127.0.0.1:9464 or [::1]:9464"

  package init(_ address: IPAddress, _ port: UInt16) {
    (self.address, self.port) = (address, port)
  }

  /// Reads it; nil if it is none. Names of hosts are not looked up.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    var host = String(text[..<colon])
    let digits = text[text.index(after: colon)...]
    guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(digits) else { return nil }
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    guard isBracketed == host.contains(":") else { return nil }
    if isBracketed { host = String(host.dropFirst().dropLast()) }
    if host == "localhost" { host = "127.0.0.1" }
    if host.isEmpty { host = "0.0.0.0" }
    guard let address = IPAddress(host) else { return nil }
    self.init(address, port)
  }

  /// Whether nobody but this machine reaches it.
  package var isLoopback: Bool { address.isLoopback }
}

extension ListenAddress: CustomStringConvertible {
  package var description: String { address.bytes.count == 4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}
