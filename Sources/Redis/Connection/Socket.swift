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
  ///
  /// - Parameter subject: the address as an error names it.
  static func connect(to address: SocketAddress, subject: String) throws(SystemError) -> Socket {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(address.family, type, 0)
    guard descriptor >= 0 else { throw SystemError("open a socket") }
    let socket = Socket(descriptor: descriptor)
    if address.family != AF_UNIX { socket.prepareForNetwork() }
    try socket.begin(address, subject)
    return socket
  }

  private func prepareForNetwork() {
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, 4)
    // For connections that nobody watches over: the system finds a peer dead within a quarter of a minute.
    for (option, value) in [(TCP_KEEPIDLE, 5), (TCP_KEEPINTVL, 3), (TCP_KEEPCNT, 3), (TCP_USER_TIMEOUT, 15_000)] {
      var value = Int32(value)
      setsockopt(descriptor, Int32(IPPROTO_TCP), option, &value, 4)
    }
  }

  private func begin(_ address: SocketAddress, _ subject: String) throws(SystemError) {
    let result = address.bytes.withUnsafeBytes { bytes in
      Glibc.connect(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
    }
    guard result != 0, errno != EINPROGRESS else { return }
    throw SystemError("connect to", subject)
  }

  /// What became of the attempt to connect: 0, or an errno.
  var connectResult: Int32 {
    var code: Int32 = 0
    var length = socklen_t(4)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    return code
  }
}
