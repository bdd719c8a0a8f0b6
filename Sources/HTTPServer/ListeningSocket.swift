import Glibc
import Loop

/// A socket that takes connections.
enum ListeningSocket {
  private static let backlog: Int32 = 64

  /// - Parameter address: 4 bytes of IPv4 or 16 of IPv6.
  static func open(_ address: [UInt8], _ port: UInt16) throws(SystemError) -> Int32 {
    let isFour = address.count == 4
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let socket = Glibc.socket(isFour ? AF_INET : AF_INET6, kind, 0)
    guard socket >= 0 else { throw SystemError("open a socket") }
    var one: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, size)
    if !isFour { setsockopt(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, size) }
    guard (isFour ? bindFour(socket, address, port) : bindSix(socket, address, port)) == 0,
      listen(socket, backlog) == 0
    else {
      let error = SystemError("listen")
      close(socket)
      throw error
    }
    return socket
  }

  /// Where it listens.
  static func port(of socket: Int32) -> UInt16 {
    var address = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    // The port stands at the same place for both families.
    _ = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
    }
    return UInt16(bigEndian: address.sin6_port)
  }

  private static func bindFour(_ socket: Int32, _ bytes: [UInt8], _ port: UInt16) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes.prefix(4)) }
    return bind(socket, address)
  }

  private static func bindSix(_ socket: Int32, _ bytes: [UInt8], _ port: UInt16) -> Int32 {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes.prefix(16)) }
    return bind(socket, address)
  }

  private static func bind<Address>(_ socket: Int32, _ address: Address) -> Int32 {
    var address = address
    let size = socklen_t(MemoryLayout<Address>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(socket, $0, size) }
    }
  }
}
