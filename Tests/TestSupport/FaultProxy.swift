import CLinux
import Glibc
import Loop
import Redis

/// Stands between a client and its Redis, and does to their bytes what networks do: delays, cuts, splits, swallows,
/// refuses. All of it by counts and by the test's word, nothing by time.
package final class FaultProxy {
  /// What happens to a connection.
  package struct Fault: Equatable, Sendable {
    /// It ends once so many bytes of the server's have passed.
    package var cutAfter: Int?
    /// It ends once so many bytes of the client's have passed.
    package var cutClientAfter: Int?
    /// The server's bytes pass one at a time, each in a turn of its own.
    package var isSplit = false
    /// What either side says is taken and never handed on.
    package var isBlackHole = false
    /// What the server says waits until this is taken back.
    package var isHeld = false

    package static let none = Fault()
    package static let blackHole = Fault(isBlackHole: true)
    package static let split = Fault(isSplit: true)
    package static let held = Fault(isHeld: true)
    package static func cut(after bytes: Int) -> Fault { Fault(cutAfter: bytes) }
    package static func cut(clientAfter bytes: Int) -> Fault { Fault(cutClientAfter: bytes) }
  }

  private let loop: Loop
  private let target: UInt16
  private var listener: Listener?
  /// In the order in which they were made, ended ones too.
  package private(set) var passages: [Passage] = []
  /// What happens to the connection of a number, counting from 0.
  package var fault: (Int) -> Fault = { _ in .none }
  /// Sees what is about to be handed on, and by which side it was said; false keeps it for ever.
  package var inspect: (_ bytes: [UInt8], _ fromServer: Bool) -> Bool = { _, _ in true }

  package convenience init(loop: Loop, to server: PrivateServer) throws { try self.init(loop: loop, to: server.port) }

  package init(loop: Loop, to port: UInt16) throws {
    self.loop = loop
    target = port
    listener = try Listener(loop: loop) { [unowned self] in accept($0) }
  }

  deinit { close() }

  package var endpoint: Endpoint { Endpoint(address: .tcp(host: "127.0.0.1", port: listener?.port ?? 0)) }

  /// Nobody gets through any more, nor keeps a connection.
  package func refuse() {
    listener?.close()
    for passage in passages { passage.close() }
  }

  /// Takes connections again. A program that another thread starts at this moment may hold the port a little longer.
  package func allow() throws {
    guard let listener else { return }
    try loop.wait { (try? listener.open()) != nil }
  }

  /// Ends all that there is.
  package func close() {
    listener?.close()
    for passage in passages { passage.close() }
  }

  private func accept(_ client: Int32) {
    guard let server = LoopbackSocket.connected(to: target) else {
      Glibc.close(client)
      return
    }
    let passage = Passage(loop: loop, client: client, server: server, fault: fault(passages.count))
    passage.inspect = { [unowned self] in inspect($0, $1) }
    passages.append(passage)
  }
}

extension FaultProxy {
  /// One connection through the proxy.
  package final class Passage {
    private let loop: Loop
    private let client: Int32
    private let server: Int32
    private var toClient: [UInt8] = []
    private var toServer: [UInt8] = []
    private var isStepping = false
    package private(set) var isOpen = true
    fileprivate var inspect: ([UInt8], Bool) -> Bool = { _, _ in true }
    /// How many bytes of the server's have reached the client.
    package private(set) var passed = 0
    /// How many bytes of the client's have reached the server.
    package private(set) var passedToServer = 0
    /// What happens to it from here on.
    package var fault: Fault { didSet { move() } }

    init(loop: Loop, client: Int32, server: Int32, fault: Fault) {
      self.loop = loop
      self.client = client
      self.server = server
      self.fault = fault
      loop.watch(client, .readable) { [weak self] _ in self?.take(fromServer: false) }
      loop.watch(server, .readable) { [weak self] _ in self?.take(fromServer: true) }
      move()
    }

    deinit { close() }

    /// Ends it on both sides.
    package func close() {
      guard isOpen else { return }
      isOpen = false
      for descriptor in [client, server] {
        loop.unwatch(descriptor)
        shutdown(descriptor, Int32(SHUT_WR))
        Glibc.close(descriptor)
      }
    }

    private func take(fromServer: Bool) {
      guard isOpen else { return }
      if let bytes = LoopbackSocket.read(fromServer ? server : client) {
        // An end passes a black hole as little as anything else does.
        if bytes.isEmpty { return fault.isBlackHole ? loop.unwatch(fromServer ? server : client) : close() }
        if fault.isBlackHole { return }
        guard inspect(bytes, fromServer) else {
          fault = .blackHole
          return
        }
        if fromServer { toClient += bytes } else { toServer += bytes }
      }
      move()
    }

    private func move() {
      guard isOpen, !fault.isBlackHole else { return }
      let room = fault.cutClientAfter.map { max(0, $0 - passedToServer) } ?? .max
      let count = send(toServer.prefix(room), to: server)
      toServer.removeFirst(count)
      passedToServer += count
      if fault.cutClientAfter == passedToServer { return close() }
      let waits = !toServer.isEmpty
      if !fault.isHeld { handOn() }
      guard isOpen else { return }
      // A side that takes nothing more is asked again when it can; and gets nothing new until then.
      loop.change(client, to: toClient.isEmpty || fault.isHeld ? .readable : [.readable, .writable])
      loop.change(server, to: waits ? .writable : toClient.count > 1 << 20 ? [] : .readable)
    }

    private func handOn() {
      if fault.isSplit { return step() }
      let room = fault.cutAfter.map { max(0, $0 - passed) } ?? .max
      let count = send(toClient.prefix(room), to: client)
      toClient.removeFirst(count)
      passed += count
      if fault.cutAfter == passed { close() }
    }

    private func step() {
      guard !isStepping, !toClient.isEmpty else { return }
      isStepping = true
      loop.schedule(inMilliseconds: 0) { [weak self] in
        guard let self, isOpen else { return }
        isStepping = false
        let count = send(toClient.prefix(1), to: client)
        toClient.removeFirst(count)
        passed += count
        move()
      }
    }

    private func send(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int {
      guard !bytes.isEmpty else { return 0 }
      return max(0, bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) })
    }
  }
}
