import FleetModel

/// Takes published messages as they pass: `message channel payload` or `pmessage pattern channel payload`, and the
/// confirmations of subscriptions between them.
package final class MessageReceiver {
  private let deliver: (_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) -> Void
  private let confirmed: () -> Void
  private let answered: () -> Void
  private let refused: ((ServerError) -> Void)?

  private enum Kind { case message, patternMessage, subscribed, pong, other }

  private var kind = Kind.other
  private var channel: [UInt8] = []
  /// The pattern that brought the message under delivery; empty for a channel subscribed to by name.
  package private(set) var pattern: [UInt8] = []
  /// Whether the message under delivery was too long: its payload is only the beginning.
  package private(set) var isOversized = false
  private var missingConfirmations = 0

  /// - Parameters:
  ///   - confirmed: called once all subscriptions that were asked for stand.
  ///   - refused: called where the server answers a subscription with an error; without it the connection fails.
  ///   - answered: called a pong: all that was published before the ping was sent has been delivered.
  ///   - deliver: called a message; both buffers are valid only during the call.
  package init(
    confirmed: @escaping () -> Void, refused: ((ServerError) -> Void)? = nil,
    answered: @escaping () -> Void = {},
    deliver: @escaping (_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) -> Void
  ) {
    self.confirmed = confirmed
    self.refused = refused
    self.answered = answered
    self.deliver = deliver
  }

  func expect(confirmations: Int) { missingConfirmations = confirmations }

  /// Whether the error was taken care of.
  func refuse(_ error: ServerError) -> Bool {
    refused?(error)
    return refused != nil
  }

  func begin(_ count: Int) { kind = .other }

  func part(_ bytes: UnsafeRawBufferPointer, index: Int, isOversized: Bool) {
    self.isOversized = isOversized
    switch (kind, index) {
    case (_, 0):
      setKind(bytes)
      pattern.removeAll(keepingCapacity: true)
    case (.patternMessage, 1):
      pattern.append(contentsOf: bytes)
    case (.message, 1), (.patternMessage, 2):
      channel.removeAll(keepingCapacity: true)
      channel.append(contentsOf: bytes)
    case (.message, 2), (.patternMessage, 3):
      channel.withUnsafeBytes { deliver($0, bytes) }
    case (.subscribed, 1):
      missingConfirmations -= 1
      if missingConfirmations == 0 { confirmed() }
    case (.pong, 1): answered()
    default: break
    }
  }

  /// Whether the message under delivery is the first of those that one publication brought: Redis sends it once for each
  /// pattern that matches.
  ///
  /// - Parameter patterns: those subscribed to; it is the first with the first of them that matches its channel.
  package func isFirstMatch(of patterns: [[UInt8]], _ channel: UnsafeRawBufferPointer) -> Bool {
    for earlier in patterns {
      if earlier == pattern { return true }
      if Glob(earlier, .redis)?.matches(channel) == true { return false }
    }
    return true
  }

  private func setKind(_ bytes: UnsafeRawBufferPointer) {
    if bytes.isEqual(to: "pmessage") {
      kind = .patternMessage
    } else if bytes.isEqual(to: "message") {
      kind = .message
    } else if bytes.isEqual(to: "psubscribe") || bytes.isEqual(to: "subscribe") {
      kind = .subscribed
    } else if bytes.isEqual(to: "pong") {
      kind = .pong
    } else {
      kind = .other
    }
  }
}
