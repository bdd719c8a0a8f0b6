import Loop

/// The channels as one listener hears them that has a connection of its own.
package final class OwnSubscription: ChannelSource {
  private let loop: Loop
  private let endpoint: Endpoint
  private let recorderChannel: [UInt8]
  private let patterns: [[UInt8]]
  private weak var listener: (any ChannelListener)?
  private lazy var ownLink = Link(loop: loop, endpoint: endpoint) { [weak self] in self?.changed($0) }
  private var receiver: MessageReceiver?
  private var isConfirmed = false
  /// The next attempt after the server refused; each request that is refused tells so, and one attempt is enough.
  private var retry: Loop.TimerID?

  /// - Parameter patterns: those of the channels besides the recorder's; a message counts for the first that matches.
  package init(
    loop: Loop, endpoint: Endpoint, recorderChannel: [UInt8], patterns: [[UInt8]], listener: any ChannelListener
  ) {
    self.loop = loop
    self.endpoint = endpoint
    self.recorderChannel = recorderChannel
    self.patterns = patterns
    self.listener = listener
  }

  package var link: Link? { ownLink }
  package var connection: Connection? { ownLink.connection }

  package func start() { ownLink.start() }

  package func stop() {
    forgetRetry()
    ownLink.stop()
  }

  package func ping() { ownLink.connection?.ping() }

  /// Its link finds the server by itself.
  package func move(to server: Endpoint?) {}

  private func changed(_ notice: Link.Update) {
    isConfirmed = false
    forgetRetry()
    switch notice {
    case .up(let connection):
      receiver = MessageReceiver { [weak self, weak connection] in
        if let connection { self?.confirmed(connection) }
      } refused: { [weak self, weak connection] error in
        if let connection { self?.refused(error, over: connection) }
      } answered: { [weak self] in
        self?.listener?.heardAll()
      } deliver: { [weak self] channel, payload in
        self?.hear(channel, payload)
      }
      subscribe(connection)
    case .down: listener?.unsubscribed()
    }
  }

  private func subscribe(_ connection: Connection) {
    guard let receiver else { return }
    listener?.subscribes(since: .now)
    connection.subscribe(channels: [recorderChannel], patterns: patterns, receiver)
  }

  private func confirmed(_ connection: Connection) {
    isConfirmed = true
    listener?.subscribed(connection)
  }

  private func refused(_ error: ServerError, over connection: Connection) {
    guard error.concernsOneThing, listener?.refused(error) == true else { return ownLink.restart(.refused(error)) }
    isConfirmed = false
    guard retry == nil else { return }
    retry = loop.schedule(inMilliseconds: error.advice.pause) { [weak self, weak connection] in
      guard let self else { return }
      retry = nil
      if let connection, connection === ownLink.connection, !isConfirmed { subscribe(connection) }
    }
  }

  private func forgetRetry() {
    loop.cancel(retry)
    retry = nil
  }

  private func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
    if channel.isEqual(to: recorderChannel) {
      if let notice = RecorderNotice(payload) { listener?.hear(notice, channel, payload) }
    } else if let receiver, receiver.isFirstMatch(of: patterns, channel) {
      listener?.hear(channel, payload, isOversized: receiver.isOversized)
    }
  }
}
