import Glibc

/// An IPv4 or IPv6 address in the one way of writing it that the system prefers.
struct IPAddress: Equatable, CustomStringConvertible {
  let description: String
  /// Whether it is this machine's own or no machine's: blocking it would hit everybody or nobody.
  let isLocal: Bool

  /// Nil where the text is no address.
  init?(_ text: String) {
    var four = in_addr()
    var six = in6_addr()
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    if inet_pton(AF_INET, text, &four) == 1 {
      let first = UInt32(bigEndian: four.s_addr) >> 24
      isLocal = first == 127 || first == 0
      inet_ntop(AF_INET, &four, &buffer, socklen_t(buffer.count))
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      let bytes = withUnsafeBytes(of: &six) { Array($0) }
      let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
      let isOwn = bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] <= 1
      isLocal = isOwn || (isMapped && bytes[12] == 127)
      inet_ntop(AF_INET6, &six, &buffer, socklen_t(buffer.count))
    } else {
      return nil
    }
    description = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  var bytes: [UInt8] { Array(description.utf8) }
}
