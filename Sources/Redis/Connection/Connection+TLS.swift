import Glibc

/// What tells that a server wants TLS where none is spoken.
extension Connection {
  /// Whether the first bytes of a server are an alert of TLS: Redis's own protocol has none that begin so.
  ///
  /// ```
  /// 15 03 …      an alert, of SSL 3 or any TLS
  /// ```
  func isAlert(_ bytes: Slice<UnsafeMutableRawBufferPointer>) -> Bool {
    heardAt == nil && endpoint.tls == nil && bytes.starts(with: [0x15, 0x03])
  }

  /// Fails where nothing more can be read. Redis itself ends a connection without a word if it wants TLS there.
  func failReading(_ failure: ConnectionFailure) {
    guard heardAt == nil, endpoint.tls == nil, case .tcp = endpoint.address else { return fail(failure) }
    switch failure {
    case .closedByServer: fail(.tls(.mayWantTLS))
    case .system(let error) where error.code == ECONNRESET: fail(.tls(.mayWantTLS))
    default: fail(failure)
    }
  }
}
