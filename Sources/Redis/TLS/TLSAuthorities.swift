import COpenSSL
import Glibc

/// Who is trusted to say whose a certificate is.
enum TLSAuthorities {
  /// Where systems keep them, if it is not where this OpenSSL was built to look: in a bundle that is read whole.
  private static let bundles = [
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  // Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // newer ones
    "/etc/ssl/ca-bundle.pem",  // SUSE
    "/etc/ssl/cert.pem",  // Alpine, BSD
  ]

  /// The certificates in a folder of authorities; empty if the authority is a file. A file that is added there counts too.
  static func files(_ authority: String?) -> [String] {
    guard let authority, TLSFile.isFolder(authority) else { return [] }
    return certificates(in: authority)
  }

  /// - Parameter authority: a file or a folder; nil for the system's.
  static func load(_ authority: String?, into context: OpaquePointer) throws(TLSFailure) {
    guard let authority else { return try loadSystem(into: context) }
    if TLSFile.isFolder(authority) { return try load(folder: authority, into: context) }
    try TLSFile.checkReadable(authority)
    guard SSL_CTX_load_verify_file(context, authority) == 1 else { throw .noCertificate(file: authority) }
  }

  /// A folder whose names are hashes is looked into as it is needed; of another one each certificate is read now.
  private static func load(folder: String, into context: OpaquePointer) throws(TLSFailure) {
    guard let names = TLSFile.names(in: folder) else {
      throw .unreadable(file: folder, reason: String(cString: strerror(errno)))
    }
    guard !names.contains(where: isHash) else {
      guard SSL_CTX_load_verify_dir(context, folder) == 1 else { throw .noCertificate(file: folder) }
      return
    }
    var found = 0
    for file in certificates(in: folder) where SSL_CTX_load_verify_file(context, file) == 1 { found += 1 }
    ERR_clear_error()
    guard found > 0 else { throw .noCertificate(file: folder) }
  }

  /// What stands in a folder and may be a certificate, a thousand of them at most.
  private static func certificates(in folder: String) -> [String] {
    guard let names = TLSFile.names(in: folder), !names.contains(where: isHash) else { return [] }
    return names.map { "\(folder)/\($0)" }.filter(TLSFile.isFile).prefix(1000).map(\.self)
  }

  /// `5ed36f99.0`: what `openssl rehash` names a certificate by.
  private static func isHash(_ name: String) -> Bool {
    let parts = name.utf8.split(separator: UInt8(ascii: "."))
    return parts.count == 2 && parts[0].count == 8 && Int(String(name.prefix(8)), radix: 16) != nil
      && Int(String(name.dropFirst(9))) != nil
  }

  /// OpenSSL's own places count first, `$SSL_CERT_FILE` and `$SSL_CERT_DIR` among them. A program that was built on one
  /// system and runs on another finds nothing there.
  private static func loadSystem(into context: OpaquePointer) throws(TLSFailure) {
    SSL_CTX_set_default_verify_paths(context)
    ERR_clear_error()
    if hasDefaultStore { return }
    for bundle in bundles where TLSFile.isFile(bundle) && SSL_CTX_load_verify_file(context, bundle) == 1 { return }
    throw .noSystemStore
  }

  private static var hasDefaultStore: Bool {
    let file = variable(X509_get_default_cert_file_env()) ?? String(cString: X509_get_default_cert_file())
    if TLSFile.isFile(file) { return true }
    let folders = variable(X509_get_default_cert_dir_env()) ?? String(cString: X509_get_default_cert_dir())
    return folders.split(separator: ":").contains { TLSFile.names(in: String($0))?.contains(where: isHash) ?? false }
  }

  private static func variable(_ name: UnsafePointer<CChar>?) -> String? {
    name.flatMap { getenv($0) }.map { String(cString: $0) }
  }
}
