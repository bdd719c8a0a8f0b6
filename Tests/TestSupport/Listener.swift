import CLinux
import Glibc
import Loop
import Redis

/// Takes connections on a loopback port, and can be closed and opened again on the same one.
final class Listener {
  private(set) var port: UInt16
  private let loop: Loop
  private let accepted: (Int32) -> Void
  private var descriptor: Int32 = -1

  init(loop: Loop, _ accepted: @escaping (Int32) -> Void) throws(SystemError) {
    self.loop = loop
    self.accepted = accepted
    port = PrivateServer.freePort()
    // Somebody may take a free port before it is listened on: then another one is tried.
    for _ in 1...20 {
      if (try? open()) != nil { return }
      port = PrivateServer.freePort()
    }
    try open()
  }

  deinit { close() }

  var isOpen: Bool { descriptor >= 0 }

  func open() throws(SystemError) {
    guard !isOpen else { return }
    let fresh = LoopbackSocket.make()
    var one: Int32 = 1
    setsockopt(fresh, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    guard PrivateServer.withLoopback(port: port, { bind(fresh, $0, $1) }) == 0, listen(fresh, 128) == 0 else {
      throw SystemError("listen on", "\(port)")
    }
    _ = vigia_set_nonblocking(fresh)
    descriptor = fresh
    loop.watch(fresh, .readable) { [weak self] _ in self?.take() }
  }

  func close() {
    guard isOpen else { return }
    loop.unwatch(descriptor)
    Glibc.close(descriptor)
    descriptor = -1
  }

  private func take() {
    while true {
      let taken = accept(descriptor, nil, nil)
      guard taken >= 0 else { return }
      LoopbackSocket.prepare(taken)
      accepted(taken)
    }
  }
}

/// Sockets on 127.0.0.1 that no child inherits.
enum LoopbackSocket {
  static func make() -> Int32 { socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0) }

  /// Connects, and then lets nothing block.
  static func connected(to port: UInt16) -> Int32? {
    let fresh = make()
    guard PrivateServer.withLoopback(port: port, { connect(fresh, $0, $1) }) == 0 else {
      close(fresh)
      return nil
    }
    prepare(fresh)
    return fresh
  }

  static func prepare(_ descriptor: Int32) {
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    _ = vigia_set_nonblocking(descriptor)
    _ = vigia_set_close_on_exec(descriptor)
  }

  /// What has come; nil where nothing has, empty where the other end is gone.
  static func read(_ descriptor: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let length = recv(descriptor, &bytes, bytes.count, 0)
    if length < 0, errno == EAGAIN { return nil }
    return Array(bytes.prefix(max(0, length)))
  }
}
