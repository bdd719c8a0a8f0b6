import COpenSSL
import Glibc

/// An authority of a test's own, and the certificates that it makes, as files in a folder.
package final class TestAuthority {
  /// A certificate and its key, each a file.
  package struct Issued {
    package let certificate: String
    package let key: String
  }

  package struct Failure: Error { package let operation: String }

  /// The file of its own certificate.
  package let certificate: String
  private let folder: String
  private let key: OpaquePointer
  private let own: OpaquePointer

  /// - Parameter name: of its files too: one a folder.
  package init(in folder: String, name: String = "authority") throws {
    self.folder = folder
    certificate = "\(folder)/\(name).pem"
    key = try Self.makeKey()
    own = try Self.makeCertificate(
      for: name, key, by: nil, key,
      extensions: [(NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign")],
      from: -86_400 * 400, until: 86_400 * 400)
    try Self.write(own, to: certificate)
  }

  deinit {
    X509_free(own)
    EVP_PKEY_free(key)
  }

  /// Makes a certificate.
  ///
  /// - Parameters:
  ///   - name: of the files.
  ///   - names: whom it is for, `DNS:redis.example` or `IP:127.0.0.1`.
  ///   - from: from when on it is valid, in seconds from now.
  ///   - isSelfSigned: whether it is signed by its own key.
  ///   - passphrase: what its key is locked by.
  package func issue(
    _ name: String, for names: [String] = ["DNS:localhost", "IP:127.0.0.1"], from: Int = -3600, until: Int = 86_400,
    isSelfSigned: Bool = false, passphrase: String? = nil
  ) throws -> Issued {
    let fresh = try Self.makeKey()
    defer { EVP_PKEY_free(fresh) }
    let extensions =
      [(NID_basic_constraints, "critical,CA:FALSE")]
      + (names.isEmpty ? [] : [(NID_subject_alt_name, names.joined(separator: ","))])
    let made = try Self.makeCertificate(
      for: name, fresh, by: isSelfSigned ? nil : own, isSelfSigned ? fresh : key, extensions: extensions, from: from,
      until: until)
    defer { X509_free(made) }
    let issued = Issued(certificate: "\(folder)/\(name).pem", key: "\(folder)/\(name).key")
    try Self.write(made, to: issued.certificate)
    try Self.write(key: fresh, to: issued.key, passphrase)
    return issued
  }

  // MARK: OpenSSL

  private static func makeKey() throws -> OpaquePointer {
    let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
      EVP_PKEY_generate(context, &key) == 1, let key
    else { throw Failure(operation: "make a key") }
    return key
  }

  /// - Parameter issuer: nil if it is its own.
  private static func makeCertificate(
    for name: String, _ key: OpaquePointer, by issuer: OpaquePointer?, _ issuerKey: OpaquePointer,
    extensions: [(Int32, String)], from: Int, until: Int
  ) throws -> OpaquePointer {
    guard let made = X509_new() else { throw Failure(operation: "make a certificate") }
    X509_set_version(made, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(made), Int.random(in: 1..<1 << 60))
    X509_gmtime_adj(X509_getm_notBefore(made), from)
    X509_gmtime_adj(X509_getm_notAfter(made), until)
    let subject = X509_get_subject_name(made)
    X509_NAME_add_entry_by_txt(subject, "CN", 0x1001, name, -1, -1, 0)
    X509_set_issuer_name(made, issuer.map { X509_get_subject_name($0) } ?? subject)
    X509_set_pubkey(made, key)
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, issuer ?? made, made, nil, nil, 0)
    for (kind, value) in extensions {
      guard let found = X509V3_EXT_conf_nid(nil, &context, kind, value) else { throw Failure(operation: value) }
      X509_add_ext(made, found, -1)
      X509_EXTENSION_free(found)
    }
    guard X509_sign(made, issuerKey, EVP_sha256()) > 0 else { throw Failure(operation: "sign") }
    return made
  }

  private static func write(_ certificate: OpaquePointer, to path: String) throws {
    guard let file = fopen(path, "w") else { throw Failure(operation: "write \(path)") }
    defer { fclose(file) }
    guard PEM_write_X509(file, certificate) == 1 else { throw Failure(operation: "write \(path)") }
  }

  private static func write(key: OpaquePointer, to path: String, _ passphrase: String?) throws {
    guard let file = fopen(path, "w") else { throw Failure(operation: "write \(path)") }
    defer { fclose(file) }
    let bytes = passphrase.map { Array($0.utf8) } ?? []
    let cipher = passphrase == nil ? nil : EVP_aes_128_cbc()
    guard PEM_write_PrivateKey(file, key, cipher, bytes, Int32(bytes.count), nil, nil) == 1 else {
      throw Failure(operation: "write \(path)")
    }
  }
}
