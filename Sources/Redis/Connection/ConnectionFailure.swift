import Loop

/// Why a connection is no more, or never was.
package enum ConnectionFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The name could not be resolved.
  case unresolved(host: String, reason: String)
  case system(SystemError)
  /// TLS could not be begun, or was broken.
  case tls(TLSFailure)
  /// The server closed it.
  case closedByServer
  /// Nothing came for too long.
  case silent(milliseconds: Int64)
  /// The server answered the log-in, or the choice of the database, with an error.
  case refused(ServerError)
  case brokenProtocol(ProtocolError)
  /// Nobody tells which server serves at present.
  case notLocated(String)
  /// The server is not, or no longer, the one that serves.
  case misplaced(String)
  /// Another server serves now, and it is known.
  case moved(String)
  /// We closed it.
  case closedHere

  package var description: String {
    switch self {
    case .unresolved(let host, let reason): "cannot resolve \(host): \(reason)"
    case .system(let error): error.description
    case .tls(let failure): failure.description
    case .closedByServer: "the server closed the connection"
    case .silent(let milliseconds): "no answer for \(milliseconds / 1000) s"
    case .refused(let error): "the server refused: \(error)"
    case .brokenProtocol(let error): "not understood: \(error)"
    case .notLocated(let words), .misplaced(let words), .moved(let words): words
    case .closedHere: "closed"
    }
  }
}
