import CLinux
import Glibc
import Loop

/// A nonblocking stream socket; letting go of it closes it.
struct Socket: ~Copyable {
  let descriptor: Int32

  deinit { close(descriptor) }

  private init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Begins to connect; the socket is writable once that has succeeded or failed.
  static func connect(to address: Endpoint.Address) throws(ConnectionFailure) -> Socket {
    switch address {
    case .tcp(let host, let port): try connect(host: host, port: port)
    case .unix(let path): try connect(path: path)
    }
  }

  private static func connect(host: String, port: UInt16) throws(ConnectionFailure) -> Socket {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, String(port), &hints, &list)
    guard status == 0, let first = list?.pointee else {
      throw .unresolved(host: host, reason: String(cString: gai_strerror(status)))
    }
    defer { freeaddrinfo(list) }
    let socket = try open(first.ai_family)
    var one: Int32 = 1
    setsockopt(socket.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    setsockopt(socket.descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, 4)
    // For connections that nobody watches over: the system finds a peer dead within a quarter of a minute.
    for (option, value) in [(TCP_KEEPIDLE, 5), (TCP_KEEPINTVL, 3), (TCP_KEEPCNT, 3), (TCP_USER_TIMEOUT, 15_000)] {
      var value = Int32(value)
      setsockopt(socket.descriptor, Int32(IPPROTO_TCP), option, &value, 4)
    }
    try socket.begin(first.ai_addr, first.ai_addrlen, subject: "\(host):\(port)")
    return socket
  }

  private static func connect(path: String) throws(ConnectionFailure) -> Socket {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard path.utf8.count < capacity else { throw .system(SystemError("connect to", path, code: ENAMETOOLONG)) }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let socket = try open(AF_UNIX)
    let failure: ConnectionFailure? = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        do throws(ConnectionFailure) {
          try socket.begin(raw, socklen_t(MemoryLayout<sockaddr_un>.size), subject: path)
          return nil
        } catch {
          return error
        }
      }
    }
    if let failure { throw failure }
    return socket
  }

  private static func open(_ family: Int32) throws(ConnectionFailure) -> Socket {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, type, 0)
    guard descriptor >= 0 else { throw .system(SystemError("open a socket")) }
    return Socket(descriptor: descriptor)
  }

  private func begin(_ address: UnsafePointer<sockaddr>?, _ length: socklen_t, subject: String)
    throws(ConnectionFailure)
  {
    guard Glibc.connect(descriptor, address, length) != 0, errno != EINPROGRESS else { return }
    throw .system(SystemError("connect to", subject))
  }

  /// What became of the attempt to connect: 0, or an errno.
  var connectResult: Int32 {
    var code: Int32 = 0
    var length = socklen_t(4)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    return code
  }
}
