/// How TLS is spoken with a server.
package struct TLSSettings: Hashable, Sendable {
  /// A file or a folder with the certificates of the authorities that are trusted; nil for those of the system.
  package var authority: String?
  /// A file with the certificate, and those between it and its authority, that a server may ask this client for.
  package var certificate: String?
  /// A file with the key of that certificate; nil if it stands in the certificate's own file.
  package var key: String?
  /// The name, or the address, that the server's certificate must be for; nil for the host that is connected to.
  package var name: String?
  /// Whether any certificate will do: whoever is between can then read and change all that is said.
  package var isInsecure: Bool

  package init(
    authority: String? = nil, certificate: String? = nil, key: String? = nil, name: String? = nil,
    isInsecure: Bool = false
  ) {
    self.authority = authority
    self.certificate = certificate
    self.key = key
    self.name = name
    self.isInsecure = isInsecure
  }

  /// All files that are read for it but the system's.
  var files: [String] { [authority, certificate, key].compactMap(\.self) }
}

extension Endpoint {
  /// Whether what is said there is encrypted, but to nobody knows whom.
  package var isUnverified: Bool { tls?.isInsecure ?? false }

  /// What stands on every screen of a connection that is not verified.
  package static let unverifiedMark = "TLS NOT VERIFIED"

  /// The name or address that the server's certificate must be for.
  var certificateName: String {
    if let name = tls?.name { return name }
    guard case .tcp(let host, _) = address else { return "localhost" }
    return host
  }
}
