import Loop

/// What the channels are heard through: a server, and a connection to it that serves messages only.
package protocol ChannelSource: AnyObject {
  /// The link that it hears over, or tries to; nil while it has no server.
  var link: Link? { get }
  /// Over which it hears at present.
  var connection: Connection? { get }
  func start()
  func stop()
  /// Has the server say once it has delivered all that was published before; see ``ChannelListener/heardAll()``.
  func ping()
  /// Says which server holds the keys of the listener's stream; nil if nobody knows any more.
  func move(to server: Endpoint?)
}

/// Who hears the channels.
package protocol ChannelListener: AnyObject {
  /// What was published from this moment on may come; something may still be missing.
  func subscribes(since moment: MonotonicTime)
  /// It hears everything from here on.
  func subscribed(_ connection: Connection)
  /// It hears nothing from here on; it may have heard nothing before.
  func unsubscribed()
  /// The server does not let the channels be heard.
  ///
  /// - Returns: whether the connection is kept, so that it is tried again over it; if not, the connection ends.
  func refused(_ error: ServerError) -> Bool
  /// One of its pings was answered. They are in their order.
  func heardAll()
  /// A message of a channel that is subscribed to, once. Both buffers are valid only during the call.
  ///
  /// - Parameter isOversized: whether the message was too long: its payload is only the beginning.
  func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, isOversized: Bool)
  /// What was said on the recorder's channel, about whichever stream, with the message.
  func hear(_ notice: RecorderNotice, _ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer)
}

extension ChannelListener {
  package func subscribes(since moment: MonotonicTime) {}
  package func refused(_ error: ServerError) -> Bool { false }
}
