import COpenSSL
import Loop

/// What all connections of the same settings share: the authorities, the client's certificate, the versions and ciphers.
///
/// A class, since its connections share OpenSSL's counted object; an old one lives as long as they do.
final class TLSContext {
  let pointer: OpaquePointer
  let settings: TLSSettings

  /// How many bytes OpenSSL takes from the socket at once: four records, which stay in the processor's own memory from
  /// the socket to the parser.
  private static let readBuffer = 64 << 10

  init(_ settings: TLSSettings) throws(TLSFailure) {
    guard let pointer = vigia_tls_context(Self.readBuffer) else { throw .broken("no memory") }
    self.pointer = pointer
    self.settings = settings
    ERR_clear_error()
    if !settings.isInsecure { try TLSAuthorities.load(settings.authority, into: pointer) }
    if let certificate = settings.certificate { try loadCertificate(certificate, key: settings.key ?? certificate) }
  }

  deinit { SSL_CTX_free(pointer) }

  private func loadCertificate(_ certificate: String, key: String) throws(TLSFailure) {
    try TLSFile.checkReadable(certificate)
    try TLSFile.checkReadable(key)
    guard SSL_CTX_use_certificate_chain_file(pointer, certificate) == 1 else {
      throw .noCertificate(file: certificate)
    }
    ERR_clear_error()
    guard SSL_CTX_use_PrivateKey_file(pointer, key, SSL_FILETYPE_PEM) == 1 else {
      let reasons = TLSError.all
      if reasons.contains(where: \.isForeignKey) { throw .foreignKey(file: key, certificate: certificate) }
      throw reasons.contains(where: \.isPassphrase) ? .encryptedKey(file: key) : .noKey(file: key)
    }
    guard SSL_CTX_check_private_key(pointer) == 1 else { throw .foreignKey(file: key, certificate: certificate) }
  }
}

/// The contexts of a loop's connections: one for each settings, made anew once one of its files has changed, so that a
/// renewed certificate counts from the next connection on.
///
/// A class, since the connections share it.
final class TLSContexts {
  private var made: [TLSSettings: (context: TLSContext, stamps: [FileStamp?])] = [:]

  /// - Throws: what is wrong with a file.
  func context(for settings: TLSSettings) throws(TLSFailure) -> TLSContext {
    let stamps = (settings.files + TLSAuthorities.files(settings.authority)).map { FileStamp(of: $0) }
    if let known = made[settings], known.stamps == stamps { return known.context }
    made[settings] = nil
    let context = try TLSContext(settings)
    made[settings] = (context, stamps)
    return context
  }
}
