import COpenSSL
import Glibc
import Loop

/// TLS over one connected socket, from the handshake to the end.
///
/// ```
/// shaking hands ─▶ up ─▶ ended
///       └─ a certificate that is not taken, no TLS, … ─▶ a failure in words
/// ```
/// OpenSSL takes more from the socket than it hands out at once: bytes that it holds make no socket readable, so whoever
/// stops to read asks ``holdsMore``. Each call begins with an empty queue of errors, as that of OpenSSL is one a thread.
struct TLSSession: ~Copyable {
  private enum End { case closed, failed(ConnectionFailure) }

  private let ssl: OpaquePointer
  /// What OpenSSL's callbacks know of the socket.
  private let socket: UnsafeMutablePointer<vigia_tls_socket>
  /// Its certificates are in use for as long as this lives.
  private let context: TLSContext
  private let name: String
  private let subject: String
  private var isUp = false
  private var hasRead = false
  /// What a read, and a write, wait for on the socket.
  private var reading = Loop.Interest.readable
  private var writing = Loop.Interest.writable
  /// Met behind bytes that had to be handed out first.
  private var end: End?
  private var isBuffering = false

  /// How OpenSSL reaches the socket: made once, and only read.
  private nonisolated(unsafe) static let method = vigia_tls_bio_method()

  /// - Parameters:
  ///   - name: whom the certificate must be for, a name or an address.
  ///   - subject: the server as an error names it.
  init(_ context: TLSContext, descriptor: Int32, name: String, subject: String) throws(TLSFailure) {
    let plain = Self.plain(name)
    let (ssl, socket) = try Self.make(context, descriptor, plain)
    self.ssl = ssl
    self.socket = socket
    self.context = context
    self.name = plain
    self.subject = subject
  }

  deinit {
    SSL_free(ssl)
    socket.deallocate()
  }

  /// Without the zone of an address and the root's dot of a name, which no certificate has.
  private static func plain(_ name: String) -> String {
    let bare = name.contains(":") ? name.prefix { $0 != "%" } : name[...]
    return String(bare.hasSuffix(".") ? bare.dropLast() : bare)
  }

  private static func make(
    _ context: TLSContext, _ descriptor: Int32, _ name: String
  ) throws(TLSFailure) -> (OpaquePointer, UnsafeMutablePointer<vigia_tls_socket>) {
    guard let method, let ssl = SSL_new(context.pointer) else { throw .broken("no memory") }
    let socket = UnsafeMutablePointer<vigia_tls_socket>.allocate(capacity: 1)
    socket.initialize(to: vigia_tls_socket())
    socket.pointee.descriptor = descriptor
    guard let bio = vigia_tls_bio(method, socket), expect(name, ssl, isChecked: !context.settings.isInsecure) else {
      SSL_free(ssl)
      socket.deallocate()
      throw .broken("no memory, or a name that nobody can have")
    }
    // It frees the BIO.
    SSL_set_bio(ssl, bio, bio)
    vigia_tls_notice(ssl, socket)
    return (ssl, socket)
  }

  /// A name is sent to the server, which may have a certificate for each; an address must not be.
  private static func expect(_ name: String, _ ssl: OpaquePointer, isChecked: Bool) -> Bool {
    let parameters = SSL_get0_param(ssl)
    let isAddress = X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1
    if !isAddress, vigia_tls_set_server_name(ssl, name) != 1 { return false }
    guard isChecked else { return true }
    vigia_tls_verify(ssl)
    X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    return isAddress || X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1
  }

  // MARK: Waiting

  /// What the socket is to be watched for, so that what is wanted can go on: TLS may have to write to read, and the other
  /// way round.
  func interest(for wanted: Loop.Interest) -> Loop.Interest {
    var interest: Loop.Interest = []
    if wanted.contains(.readable) { interest.formUnion(reading) }
    if wanted.contains(.writable) { interest.formUnion(writing) }
    return interest
  }

  /// Whether there is something to receive that the socket will not tell of.
  var holdsMore: Bool { end != nil || isBuffering && SSL_has_pending(ssl) == 1 }

  var isShakingHands: Bool { !isUp }

  // MARK: The handshake

  /// Takes the next step of the handshake.
  ///
  /// - Returns: whether it is done.
  mutating func handshake() throws(TLSFailure) -> Bool {
    ERR_clear_error()
    let result = SSL_connect(ssl)
    if result == 1 {
      isUp = true
      isBuffering = true
      (reading, writing) = (.readable, .writable)
      return true
    }
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: reading = .readable
    case SSL_ERROR_WANT_WRITE: reading = .writable
    default: throw handshakeFailure()
    }
    return false
  }

  private func handshakeFailure() -> TLSFailure {
    let verification = Int32(SSL_get_verify_result(ssl))
    if !context.settings.isInsecure, verification != X509_V_OK { return certificateFailure(verification) }
    if let error = TLSError.first, error.alert != nil || socket.pointee.ended == 0 { return failure(of: error) }
    if lacksCertificate { return .clientCertificateRequired }
    if socket.pointee.error != 0, socket.pointee.error != ECONNRESET {
      return .broken(String(cString: strerror(socket.pointee.error)))
    }
    return .endedInHandshake
  }

  private func certificateFailure(_ verification: Int32) -> TLSFailure {
    switch verification {
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      .wrongName(wanted: name, found: Self.text(of: socket.pointee.names))
    case X509_V_ERR_CERT_HAS_EXPIRED: .expired(until: Self.text(of: socket.pointee.until))
    case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid(from: Self.text(of: socket.pointee.from))
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: .selfSigned
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      .unknownAuthority(issuer: Self.text(of: socket.pointee.issuer))
    default: .badCertificate(String(cString: X509_verify_cert_error_string(Int(verification))))
    }
  }

  /// Of one of the fields that the callbacks fill, each of which ends in a zero.
  private static func text<Field>(of field: Field) -> String {
    withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// Whether the server has asked for a certificate, of which there is none.
  private var lacksCertificate: Bool {
    context.settings.certificate == nil && socket.pointee.asked == 1
  }

  private func failure(of error: TLSError) -> TLSFailure {
    switch (error.alert, error.reason) {
    case (SSL_AD_CERTIFICATE_REQUIRED, _): .clientCertificateRequired
    case (SSL_AD_HANDSHAKE_FAILURE, _): lacksCertificate ? .clientCertificateRequired : .noCommonCipher
    case (SSL_AD_PROTOCOL_VERSION, _), (_, SSL_R_UNSUPPORTED_PROTOCOL): .noCommonVersion
    case (SSL_AD_UNRECOGNIZED_NAME, _): .unknownServerName(name)
    case (SSL_AD_UNKNOWN_CA, _): .clientCertificateRefused("its authority is not known there")
    case (SSL_AD_CERTIFICATE_EXPIRED, _): .clientCertificateRefused("it has expired, or is not valid yet")
    case (SSL_AD_CERTIFICATE_REVOKED, _): .clientCertificateRefused("it was revoked")
    case (SSL_AD_BAD_CERTIFICATE, _), (SSL_AD_UNSUPPORTED_CERTIFICATE, _), (SSL_AD_CERTIFICATE_UNKNOWN, _),
      (SSL_AD_ACCESS_DENIED, _):
      lacksCertificate ? .clientCertificateRequired : .clientCertificateRefused(error.words)
    case (nil, SSL_R_WRONG_VERSION_NUMBER), (nil, SSL_R_HTTP_REQUEST), (nil, SSL_R_PACKET_LENGTH_TOO_LONG),
      (nil, SSL_R_UNKNOWN_PROTOCOL), (nil, SSL_R_BAD_PACKET_LENGTH):
      isUp ? .broken(error.words) : .speaksNoTLS
    default: .broken(error.words)
    }
  }

  // MARK: Bytes

  /// - Returns: how many bytes it took; 0 if it takes no more for now.
  mutating func send(_ bytes: UnsafeRawBufferPointer) throws(ConnectionFailure) -> Int {
    ERR_clear_error()
    var count = 0
    let result = SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count)
    if result == 1 {
      writing = .writable
      return count
    }
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: writing = .readable
    case SSL_ERROR_WANT_WRITE: writing = .writable
    default: throw sendFailure()
    }
    return 0
  }

  /// A server that does not take this client's certificate says so and closes: what it said comes first.
  private mutating func sendFailure() -> ConnectionFailure {
    let failure = brokenOff("send to")
    guard !hasRead, case .system = failure else { return failure }
    var byte: UInt8 = 0
    ERR_clear_error()
    socket.pointee.error = 0
    guard SSL_read(ssl, &byte, 1) <= 0, let error = TLSError.first, error.alert != nil else { return failure }
    return .tls(self.failure(of: error))
  }

  /// Fills the buffer as far as bytes are there, over as many of TLS's records as it takes.
  ///
  /// - Returns: how many bytes came; 0 at the end, nil if none are there for now.
  mutating func receive(into buffer: UnsafeMutableRawBufferPointer) throws(ConnectionFailure) -> Int? {
    if let end {
      guard case .failed(let failure) = end else { return 0 }
      throw failure
    }
    var filled = 0
    isBuffering = true
    while filled < buffer.count {
      ERR_clear_error()
      var count = 0
      let result = SSL_read_ex(ssl, buffer.baseAddress! + filled, buffer.count - filled, &count)
      guard result != 1 else {
        filled += count
        continue
      }
      isBuffering = false
      switch SSL_get_error(ssl, result) {
      case SSL_ERROR_WANT_READ: reading = .readable
      case SSL_ERROR_WANT_WRITE: reading = .writable
      case SSL_ERROR_ZERO_RETURN: end = lacksAnswer ? .failed(.tls(.clientCertificateRequired)) : .closed
      default: end = .failed(brokenOff("read from"))
      }
      break
    }
    if filled > 0 { hasRead = true }
    guard filled == 0, let end else { return filled > 0 ? filled : nil }
    guard case .failed(let failure) = end else { return 0 }
    throw failure
  }

  /// A server of TLS 1.3 that wants a certificate of its client's may close without a word when none comes.
  private var lacksAnswer: Bool { !hasRead && lacksCertificate }

  private func brokenOff(_ operation: String) -> ConnectionFailure {
    if let error = TLSError.first { return .tls(failure(of: error)) }
    let code = socket.pointee.error
    if lacksAnswer { return .tls(.clientCertificateRequired) }
    return code == 0 ? .closedByServer : .system(SystemError(operation, subject, code: code))
  }

  /// Tells the server that nothing more comes, as far as the socket takes it.
  func sayEnd() {
    guard isUp, SSL_in_init(ssl) == 0, end == nil, socket.pointee.error == 0 else { return }
    ERR_clear_error()
    SSL_shutdown(ssl)
    ERR_clear_error()
  }
}
