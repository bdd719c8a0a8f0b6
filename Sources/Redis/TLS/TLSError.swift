import COpenSSL

/// An error from OpenSSL's queue of this thread.
struct TLSError: Equatable {
  let code: UInt

  /// The first of the queue, which is what went wrong first; the queue is empty afterwards. Nil if it is empty.
  static var first: TLSError? { all.first }

  /// All of the queue, the oldest first; it is empty afterwards.
  static var all: [TLSError] {
    var errors: [TLSError] = []
    while case let code = ERR_get_error(), code != 0 { errors.append(TLSError(code: code)) }
    return errors
  }

  /// Among TLS's own reasons; 0 for one of another part's.
  var reason: Int32 { isTLS ? vigia_tls_error_reason(code) : 0 }

  private var isTLS: Bool { vigia_tls_error_library(code) == ERR_LIB_SSL }

  var isForeignKey: Bool {
    vigia_tls_error_library(code) == ERR_LIB_X509 && vigia_tls_error_reason(code) == X509_R_KEY_VALUES_MISMATCH
  }

  /// Whether a passphrase would have been needed.
  var isPassphrase: Bool {
    let (library, reason) = (vigia_tls_error_library(code), vigia_tls_error_reason(code))
    return library == ERR_LIB_PEM && reason == PEM_R_BAD_PASSWORD_READ
      || library == ERR_LIB_CRYPTO && reason == ERR_R_INTERRUPTED_OR_CANCELLED
  }

  /// OpenSSL's short words for it.
  var words: String {
    ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(String(code, radix: 16))"
  }

  /// What the other side said in an alert; nil if it is no alert.
  var alert: Int32? { isTLS && reason > 1000 && reason < 1256 ? reason - 1000 : nil }
}
