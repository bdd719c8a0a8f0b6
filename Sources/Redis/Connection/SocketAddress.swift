import CLinux
import Glibc
import Loop

/// Where a socket connects to, as the system writes it.
struct SocketAddress {
  let family: Int32
  /// A `sockaddr` of the family.
  let bytes: [UInt8]

  /// The first of the entries of a list that `getaddrinfo` made, and all after it.
  static func all(_ list: UnsafePointer<addrinfo>?) -> [SocketAddress] {
    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next?.pointee {
      let raw = UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen))
      addresses.append(SocketAddress(family: entry.ai_family, bytes: Array(raw)))
      next = UnsafePointer(entry.ai_next)
    }
    return addresses
  }

  /// The address that a host stands for by itself; empty if it is a name, which only a look-up can tell.
  static func numeric(host: String, port: UInt16) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICHOST
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    return all(list)
  }

  static func unix(path: String) throws(ConnectionFailure) -> SocketAddress {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard path.utf8.count < capacity else { throw .system(SystemError("connect to", path, code: ENAMETOOLONG)) }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return SocketAddress(family: AF_UNIX, bytes: withUnsafeBytes(of: &address) { Array($0) })
  }
}
