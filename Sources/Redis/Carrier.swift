import Glibc
import Loop

/// What carries a connection's bytes: a socket, TLS over it, or what a test put in its place.
struct Carrier: ~Copyable {
  private let loop: Loop
  private let endpoint: Endpoint
  private let subject: String
  /// What TLS is spoken by; nil if it is not.
  private let secure: TLSContext?
  /// Nil until the socket is connected, and without TLS.
  private var session: TLSSession?
  /// Nil if a test's transport carries them.
  private var dialing: Dialing?
  private let transport: (any Transport)?

  /// Begins to connect.
  static func dial(_ loop: Loop, _ endpoint: Endpoint) throws(ConnectionFailure) -> Carrier {
    if let transport = loop.connect?(endpoint.description) { return Carrier(loop, endpoint, nil, nil, transport) }
    // What is wrong with a file is said before anybody is called.
    let secure = try context(loop, endpoint.tls)
    return Carrier(loop, endpoint, secure, try Dialing(endpoint), nil)
  }

  private init(
    _ loop: Loop, _ endpoint: Endpoint, _ secure: TLSContext?, _ dialing: consuming Dialing?,
    _ transport: (any Transport)?
  ) {
    self.loop = loop
    self.endpoint = endpoint
    self.secure = secure
    self.dialing = dialing
    self.transport = transport
    subject = endpoint.description
  }

  private static func context(_ loop: Loop, _ settings: TLSSettings?) throws(ConnectionFailure) -> TLSContext? {
    guard let settings else { return nil }
    do throws(TLSFailure) {
      return try loop.shared { TLSContexts() }.context(for: settings)
    } catch {
      throw .tls(error)
    }
  }

  /// The name that is being looked up.
  var unresolved: String? {
    switch dialing {
    case .some(let dialing): dialing.unresolved
    case nil: nil
    }
  }

  /// Whether the socket is connected, but TLS not yet agreed on.
  var isShakingHands: Bool {
    switch session {
    case .some(let session): session.isShakingHands
    case nil: false
    }
  }

  /// Whether there is something to receive that no readiness will tell of.
  var holdsMore: Bool {
    switch session {
    case .some(let session): session.holdsMore
    case nil: false
    }
  }

  // MARK: Waiting

  /// Calls `ready` each time that it can take its next step towards a connection.
  mutating func watch(_ ready: @escaping (Loop.Readiness) -> Void) {
    if let transport { return transport.open(ready) }
    watchSocket(interest, ready)
  }

  /// Whether it may have to read to send, or to send to read.
  var mixesInterests: Bool { secure != nil }

  /// What the connected socket is to be watched for, so that what is wanted can go on.
  func interest(for wanted: Loop.Interest) -> Loop.Interest {
    switch session {
    case .some(let session): session.interest(for: wanted)
    case nil: wanted
    }
  }

  /// Calls `ready` each time that the connected socket is ready for one of `interest`.
  mutating func watchConnected(_ interest: Loop.Interest, _ ready: @escaping (Loop.Readiness) -> Void) {
    if let transport { return transport.wait(for: interest) }
    watchSocket(interest, ready)
  }

  mutating func change(to interest: Loop.Interest) {
    if let transport { return transport.wait(for: interest) }
    loop.change(descriptor, to: interest)
  }

  mutating func stopWatching() {
    if transport == nil { loop.unwatch(descriptor) }
  }

  private func watchSocket(_ interest: Loop.Interest, _ ready: @escaping (Loop.Readiness) -> Void) {
    loop.watch(descriptor, interest, ready)
  }

  private var descriptor: Int32 {
    switch dialing {
    case .some(let dialing): dialing.descriptor
    case nil: -1
    }
  }

  private var interest: Loop.Interest {
    if isShakingHands { return interest(for: .readable) }
    return switch dialing {
    case .some(let dialing): dialing.interest
    case nil: []
    }
  }

  // MARK: Bytes

  /// Takes the next step towards a connection.
  ///
  /// - Returns: whether it stands.
  mutating func proceed() throws(ConnectionFailure) -> Bool {
    guard let transport else { return try proceedOnSocket() }
    do throws(SystemError) {
      try transport.finishConnecting()
      return true
    } catch {
      throw .system(error)
    }
  }

  private mutating func proceedOnSocket() throws(ConnectionFailure) -> Bool {
    if !isShakingHands {
      guard try dialing?.proceed() ?? false else { return false }
      guard secure != nil else { return true }
    }
    do throws(TLSFailure) {
      if let secure, !isShakingHands {
        session = try TLSSession(
          secure, descriptor: descriptor, name: endpoint.certificateName, subject: subject)
      }
      return try session?.handshake() ?? true
    } catch {
      throw .tls(error)
    }
  }

  /// - Returns: how many bytes it took; 0 if it takes no more for now.
  mutating func send(_ bytes: UnsafeRawBufferPointer) throws(ConnectionFailure) -> Int {
    if let count = try session?.send(bytes) { return count }
    do throws(SystemError) {
      if let transport { return try transport.send(bytes) }
      return try sendOnSocket(bytes)
    } catch {
      throw .system(error)
    }
  }

  private func sendOnSocket(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    while true {
      let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count > 0 { return count }
      if count == 0 || errno == EAGAIN { return 0 }
      if errno != EINTR { throw SystemError("send to", subject) }
    }
  }

  /// - Returns: how many bytes came; 0 at the end, nil if none are there for now.
  mutating func receive(into buffer: UnsafeMutableRawBufferPointer) throws(ConnectionFailure) -> Int? {
    if secure != nil { return try session?.receive(into: buffer) ?? nil }
    do throws(SystemError) {
      if let transport { return try transport.receive(into: buffer) }
      return try receiveOnSocket(into: buffer)
    } catch {
      throw .system(error)
    }
  }

  private func receiveOnSocket(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count >= 0 { return count }
      if errno == EAGAIN { return nil }
      if errno != EINTR { throw SystemError("read from", subject) }
    }
  }

  mutating func close() {
    if let transport { return transport.close() }
    session?.sayEnd()
    shutdown(descriptor, Int32(SHUT_RDWR))
  }
}
