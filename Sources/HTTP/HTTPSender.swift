/// What sends requests to services outside: libcurl, or what a test puts in its place.
package protocol HTTPSender: AnyObject {
  /// Sends a request.
  ///
  /// - Parameter completion: called once, in a later turn of the loop and never from within `send`; not at all once the
  ///   call is cancelled, or after the turn in which the sender was let go.
  @discardableResult
  func send(_ request: HTTPRequest, _ completion: @escaping (HTTPResult) -> Void) -> HTTPCall
}

/// A request that was sent, to take back.
package struct HTTPCall {
  /// Ends it, unanswered: its completion is not called. What the service has read of it, it has. Nothing happens if it
  /// has ended.
  package let cancel: () -> Void

  package init(cancel: @escaping () -> Void) {
    self.cancel = cancel
  }
}
