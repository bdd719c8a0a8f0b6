import Glibc
import Loop

/// What carries a connection's bytes: a socket, or what a test put in its place.
struct Carrier: ~Copyable {
  private let loop: Loop
  private let subject: String
  /// Nil if a test's transport carries them.
  private var dialing: Dialing?
  private let transport: (any Transport)?

  init(_ loop: Loop, _ endpoint: Endpoint) throws(ConnectionFailure) {
    self.loop = loop
    subject = endpoint.description
    transport = loop.connect?(subject)
    dialing = transport == nil ? try Dialing(endpoint) : nil
  }

  /// The name that is being looked up.
  var unresolved: String? {
    switch dialing {
    case .some(let dialing): dialing.unresolved
    case nil: nil
    }
  }

  // MARK: Waiting

  /// Calls `ready` each time that it can take its next step towards a connection.
  mutating func watch(_ ready: @escaping (Loop.Readiness) -> Void) {
    if let transport { return transport.open(ready) }
    watchSocket(interest, ready)
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
    switch dialing {
    case .some(let dialing): dialing.interest
    case nil: []
    }
  }

  // MARK: Bytes

  /// Takes the next step towards a connection.
  ///
  /// - Returns: whether it stands.
  mutating func proceed() throws(ConnectionFailure) -> Bool {
    guard let transport else { return try dialing?.proceed() ?? false }
    do throws(SystemError) {
      try transport.finishConnecting()
      return true
    } catch {
      throw .system(error)
    }
  }

  /// - Returns: how many bytes it took; 0 if it takes no more for now.
  mutating func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    if let transport { return try transport.send(bytes) }
    while true {
      let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count > 0 { return count }
      if count == 0 || errno == EAGAIN { return 0 }
      if errno != EINTR { throw SystemError("send to", subject) }
    }
  }

  /// - Returns: how many bytes came; 0 at the end, nil if none are there for now.
  mutating func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
    if let transport { return try transport.receive(into: buffer) }
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count >= 0 { return count }
      if errno == EAGAIN { return nil }
      if errno != EINTR { throw SystemError("read from", subject) }
    }
  }

  mutating func close() {
    if let transport { return transport.close() }
    shutdown(descriptor, Int32(SHUT_RDWR))
  }
}
