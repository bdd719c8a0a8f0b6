import CMicrohttpd
import Exposition

/// One request, from its headers until its answer is sent or its connection is gone.
///
/// A class, because libmicrohttpd holds it by its address between two calls.
final class HTTPExchange {
  let connection: OpaquePointer
  var reply: ServedReply?
  /// Whether the connection waits for the reply, and libmicrohttpd leaves it alone meanwhile.
  var isSuspended = false

  init(_ connection: OpaquePointer) {
    self.connection = connection
  }

  /// Hands the reply over.
  ///
  /// - Returns: 0 if libmicrohttpd does not take it.
  func send(_ reply: ServedReply) -> Int32 {
    guard let response = Self.response(reply.body) else { return 0 }
    defer { MHD_destroy_response(response) }
    MHD_add_response_header(response, "Content-Type", reply.contentType)
    // Each request has its own connection and its own time, which nobody can prolong by another request.
    MHD_add_response_header(response, "Connection", "close")
    for (name, value) in reply.headers { MHD_add_response_header(response, name, value) }
    return vigia_mhd_queue(connection, UInt32(reply.status), response)
  }

  /// So much of a body is copied into the socket in one turn.
  private static let block = 64 * 1024

  private static func response(_ pieces: [[UInt8]]) -> OpaquePointer? {
    let length = pieces.reduce(0) { $0 + $1.count }
    guard pieces.count > 1 || length > block else {
      return (pieces.first ?? []).withUnsafeBytes { vigia_mhd_copied($0.baseAddress, $0.count) }
    }
    let held = Unmanaged.passRetained(SentBody(pieces)).toOpaque()
    let response = MHD_create_response_from_callback(
      UInt64(length), block,
      { context, position, buffer, most in
        guard let context, let buffer else { return -1 }
        let room = UnsafeMutableRawBufferPointer(start: buffer, count: most)
        return Unmanaged<SentBody>.fromOpaque(context).takeUnretainedValue().copy(from: position, to: room)
      }, held
    ) { context in
      if let context { Unmanaged<SentBody>.fromOpaque(context).release() }
    }
    if response == nil { Unmanaged<SentBody>.fromOpaque(held).release() }
    return response
  }
}
