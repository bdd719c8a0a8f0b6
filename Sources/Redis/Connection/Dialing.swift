import Loop

/// The way from an endpoint to a connected socket: its name is looked up, then each of its addresses is tried.
///
/// ```
/// a name ─▶ look-up ─▶ connecting ─▶ connected
/// a number or a path ────▲    │ refused, and another address is left
///                        └────┘
/// ```
/// One descriptor a step stands for it in the loop; it is ready when `proceed` has something to do.
struct Dialing: ~Copyable {
  private let endpoint: Endpoint
  private var lookup: Lookup?
  private var socket: Socket?
  private var untried: ArraySlice<SocketAddress> = []
  /// Ready when there is a next step to take; the socket's, in the end.
  private(set) var descriptor: Int32 = -1

  init(_ endpoint: Endpoint) throws(ConnectionFailure) {
    self.endpoint = endpoint
    switch endpoint.address {
    case .unix(let path): untried = [try SocketAddress.unix(path: path)]
    case .tcp(let host, let port):
      untried = SocketAddress.numeric(host: host, port: port)[...]
      if untried.isEmpty { try lookUp(host, port) }
    // A link dials only what was found.
    case .sentinel(let group): throw .notLocated("\(group) names no single server")
    }
    if lookup == nil { try connect() }
  }

  /// The name that is being looked up.
  var unresolved: String? {
    guard lookup != nil, case .tcp(let host, _) = endpoint.address else { return nil }
    return host
  }

  /// What the descriptor is to be watched for.
  var interest: Loop.Interest { lookup == nil ? .writable : .readable }

  /// Takes the next step; the descriptor may be another one afterwards.
  ///
  /// - Returns: whether the socket is connected.
  mutating func proceed() throws(ConnectionFailure) -> Bool {
    if let answer = lookup?.answer {
      lookup = nil
      untried = try answer.get()[...]
      try connect()
      return false
    }
    let code = socket?.connectResult ?? 0
    guard code != 0 else { return true }
    guard !untried.isEmpty else { throw .system(SystemError("connect to", endpoint.description, code: code)) }
    try connect()
    return false
  }

  private mutating func lookUp(_ host: String, _ port: UInt16) throws(ConnectionFailure) {
    let begun = try Lookup(host: host, port: port)
    descriptor = begun.descriptor
    lookup = consume begun
  }

  private mutating func connect() throws(ConnectionFailure) {
    while let next = untried.popFirst() {
      do throws(SystemError) {
        let begun = try Socket.connect(to: next, subject: endpoint.description)
        descriptor = begun.descriptor
        socket = consume begun
        return
      } catch {
        if untried.isEmpty { throw .system(error) }
      }
    }
  }
}
