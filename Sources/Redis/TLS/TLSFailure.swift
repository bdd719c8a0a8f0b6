/// Why TLS could not be begun with a server, or ended: what it means, and what would help.
package enum TLSFailure: Error, Equatable, Sendable {
  // Before anything is said.
  case unreadable(file: String, reason: String)
  case noCertificate(file: String)
  case noKey(file: String)
  case encryptedKey(file: String)
  case foreignKey(file: String, certificate: String)
  case noSystemStore
  // Of the server's certificate.
  case wrongName(wanted: String, found: String)
  case expired(until: String)
  case notYetValid(from: String)
  case selfSigned
  case unknownAuthority(issuer: String)
  /// In OpenSSL's words.
  case badCertificate(String)
  // Of this client's.
  case clientCertificateRequired
  /// In the server's words.
  case clientCertificateRefused(String)
  // Of the two together.
  case speaksNoTLS
  case wantsTLS
  /// The connection ended before the server had said anything, as it does where TLS was wanted.
  case mayWantTLS
  case noCommonVersion
  case noCommonCipher
  case unknownServerName(String)
  case endedInHandshake
  case silentInHandshake(milliseconds: Int64)
  /// In OpenSSL's words.
  case broken(String)
}

extension TLSFailure: CustomStringConvertible {
  package var description: String { remedy.map { "\(meaning); \($0)" } ?? meaning }

  /// What it means, in words; what they repeat of the server's is not scrubbed.
  package var meaning: String {
    switch self {
    case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
    case .noCertificate(let file): "\(file) holds no certificate in PEM"
    case .noKey(let file): "\(file) holds no private key in PEM"
    case .encryptedKey(let file): "the key in \(file) is locked by a passphrase"
    case .foreignKey(let file, let certificate): "the key in \(file) is not that of the certificate in \(certificate)"
    case .noSystemStore: "this system has no store of trusted authorities"
    case .wrongName(let wanted, let found): "the server's certificate is not for \(wanted) but for \(found)"
    case .expired(let until): "the server's certificate, or one that it rests on, expired on \(until)"
    case .notYetValid(let from): "the server's certificate, or one that it rests on, is not valid before \(from)"
    case .selfSigned: "the server's certificate is signed by itself, and not trusted"
    case .unknownAuthority(let issuer): "the server's certificate is from an authority that is not trusted: \(issuer)"
    case .badCertificate(let words): "the server's certificate is not taken: \(words)"
    case .clientCertificateRequired: "the server wants a certificate of its clients"
    case .clientCertificateRefused(let words): "the server does not take this client's certificate: \(words)"
    case .speaksNoTLS: "what answers at this port speaks no TLS"
    case .wantsTLS: "what answers at this port speaks TLS"
    case .mayWantTLS: "the server closed the connection before it answered"
    case .noCommonVersion: "the server speaks neither TLS 1.2 nor 1.3"
    case .noCommonCipher: "the server and this client have no cipher in common"
    case .unknownServerName(let name): "the server does not serve the name \(name)"
    case .endedInHandshake: "the server closed the connection inside the TLS handshake"
    case .silentInHandshake(let milliseconds): "no answer to the TLS handshake for \(milliseconds / 1000) s"
    case .broken(let words): "TLS failed: \(words)"
    }
  }

  /// What would help; nil if nobody can tell.
  package var remedy: String? {
    switch self {
    case .unreadable: "correct the path, or its rights"
    case .noCertificate, .noKey: "name the right file"
    case .encryptedKey: "name one that is not, and that only this user may read: nobody can be asked for the passphrase"
    case .foreignKey: "name a certificate and its own key with --tls-cert and --tls-key"
    case .noSystemStore: "install ca-certificates, or name a file or folder of them with --tls-ca"
    case .wrongName: "connect by a name that it is for, or say with --tls-name which one is meant"
    case .expired: "renew it; or set this machine's clock, if that is ahead"
    case .notYetValid: "set this machine's clock, if that is behind"
    case .selfSigned: "name that certificate with --tls-ca, if it is the right one"
    case .unknownAuthority: "name the authority's certificate with --tls-ca"
    case .badCertificate: "let the server have another one"
    case .clientCertificateRequired: "name one with --tls-cert, and its key with --tls-key"
    case .clientCertificateRefused: "name one that the server trusts with --tls-cert and --tls-key"
    case .speaksNoTLS: "use redis:// for it, or name the port that speaks TLS"
    case .wantsTLS: "use rediss:// for it, or name the port that does not"
    case .mayWantTLS: "if this is a port that speaks TLS, use rediss:// for it"
    case .noCommonVersion, .noCommonCipher: "let the server allow TLS 1.2 or later, with a usual cipher"
    case .unknownServerName: "connect by a name that it serves, or say it with --tls-name"
    case .endedInHandshake: "see whether this is its TLS port, and what its log says"
    // Redis waits there for the end of a line, which never comes.
    case .silentInHandshake: "if this port speaks no TLS, use redis:// for it"
    case .broken: nil
    }
  }
}
