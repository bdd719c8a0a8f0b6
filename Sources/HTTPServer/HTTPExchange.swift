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

  private static func response(_ body: [UInt8]) -> OpaquePointer? {
    guard body.count > block else { return body.withUnsafeBytes { vigia_mhd_copied($0.baseAddress, $0.count) } }
    let held = Unmanaged.passRetained(Body(body)).toOpaque()
    let response = MHD_create_response_from_callback(
      UInt64(body.count), block,
      { context, position, buffer, most in
        guard let context, let buffer else { return -1 }
        return Unmanaged<Body>.fromOpaque(context).takeUnretainedValue().copy(from: position, to: buffer, most)
      }, held
    ) { context in
      if let context { Unmanaged<Body>.fromOpaque(context).release() }
    }
    if response == nil { Unmanaged<Body>.fromOpaque(held).release() }
    return response
  }

  /// A long body. A class, because libmicrohttpd owns it until it is sent.
  private final class Body {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func copy(from position: UInt64, to buffer: UnsafeMutablePointer<CChar>, _ most: Int) -> Int {
      guard position < bytes.count else { return -1 }
      let count = min(most, bytes.count - Int(position))
      bytes.withUnsafeBytes { all in
        UnsafeMutableRawBufferPointer(start: buffer, count: count)
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: all[Int(position)..<Int(position) + count]))
      }
      return count
    }
  }
}
