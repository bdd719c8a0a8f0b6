/// A connection that serves messages.
extension Connection {
  /// Subscribes to channels and patterns; from here on the connection serves messages only.
  package func subscribe(channels: [[UInt8]], patterns: [[UInt8]], _ receiver: MessageReceiver) {
    guard state != .closed else { return }
    self.receiver = receiver
    receiver.expect(confirmations: channels.count + patterns.count)
    for (command, names) in [("SUBSCRIBE", channels), ("PSUBSCRIBE", patterns)] where !names.isEmpty {
      Request([command] + names.map { $0 as any RequestArgument }).encode(into: &output)
    }
    scheduleFlush()
  }

  /// Makes a connection that serves messages say something; another one is asked by its owner.
  package func ping() {
    guard state == .up, receiver != nil else { return }
    Request("PING").encode(into: &output)
    expectBytes()
    scheduleFlush()
  }
}
