/// A long body while it is sent: it is asked for from its beginning to its end, some of it at a time.
///
/// A class, because libmicrohttpd owns it until it is sent.
final class SentBody {
  private let pieces: [[UInt8]]
  /// The piece that is next, and where it begins in the whole.
  private var piece = 0
  private var start: UInt64 = 0

  init(_ pieces: [[UInt8]]) { self.pieces = pieces }

  /// Copies what stands at a position, as much as there is room for.
  ///
  /// - Returns: how much it was; negative for nothing.
  func copy(from position: UInt64, to room: UnsafeMutableRawBufferPointer) -> Int {
    if position < start { (piece, start) = (0, 0) }
    while piece < pieces.count, start + UInt64(pieces[piece].count) <= position {
      start += UInt64(pieces[piece].count)
      piece += 1
    }
    guard piece < pieces.count else { return -1 }
    return pieces[piece].withUnsafeBytes { bytes in
      let rest = bytes[Int(position - start)...].prefix(room.count)
      room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest))
      return rest.count
    }
  }
}
