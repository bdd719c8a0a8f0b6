/// What carries the bytes of a connection in place of a socket, in a test.
///
/// It says when it is ready by calling what `open` got; never from within one of these calls.
package protocol Transport: AnyObject {
  /// Begins to connect, and calls `ready` each time that something can be done.
  func open(_ ready: @escaping (Loop.Readiness) -> Void)
  /// What became of the attempt to connect, once it is ready.
  func finishConnecting() throws(SystemError)
  /// Takes bytes to send.
  ///
  /// - Returns: how many it took, as `send(2)` does; 0 if it takes no more for now.
  func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int
  /// Fills `buffer` with bytes that came.
  ///
  /// - Returns: how many; 0 at the end of the stream, nil if nothing has come yet.
  func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int?
  /// Says what it is to be ready for from now on.
  func wait(for interest: Loop.Interest)
  func close()
}
