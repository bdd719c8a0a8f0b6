import Loop
import Redis

/// What a recorder hears the channels through: a server, and a connection to it that serves messages only.
protocol ChannelSource: AnyObject {
  /// Over which it hears at present.
  var connection: Connection? { get }
  func start()
  func stop()
  /// Has the server say once it has delivered all that was published before; see ``ChannelListener/heardAll()``.
  func ping()
}

/// Who hears the channels.
protocol ChannelListener: AnyObject {
  /// It hears everything from here on.
  func subscribed(_ connection: Connection)
  /// It hears nothing from here on; it may have heard nothing before.
  func unsubscribed()
  /// One of its pings was answered. They are in their order.
  func heardAll()
  /// A message of a recorded channel, once. Both buffers are valid only during the call.
  func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer)
  /// What was said on the recorder's channel about its stream, with the message.
  func hear(_ notice: RecorderNotice, _ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer)
}

/// The channels as one recorder hears them that has a connection of its own.
final class OwnSubscription: ChannelSource {
  private let loop: Loop
  private let endpoint: Endpoint
  private let recorderChannel: [UInt8]
  private let patterns: [[UInt8]]
  private weak var listener: (any ChannelListener)?
  private lazy var link = Link(loop: loop, endpoint: endpoint) { [weak self] in self?.changed($0) }
  private var receiver: MessageReceiver?

  init(
    loop: Loop, endpoint: Endpoint, recorderChannel: [UInt8], patterns: [[UInt8]], listener: any ChannelListener
  ) {
    self.loop = loop
    self.endpoint = endpoint
    self.recorderChannel = recorderChannel
    self.patterns = patterns
    self.listener = listener
  }

  var connection: Connection? { link.connection }

  func start() { link.start() }
  func stop() { link.stop() }
  func ping() { link.connection?.ping() }

  private func changed(_ notice: Link.Update) {
    switch notice {
    case .up(let connection):
      let receiver = MessageReceiver { [weak self, weak connection] in
        if let connection { self?.listener?.subscribed(connection) }
      } answered: { [weak self] in
        self?.listener?.heardAll()
      } deliver: { [weak self] channel, payload in
        self?.hear(channel, payload)
      }
      self.receiver = receiver
      connection.subscribe(channels: [recorderChannel], patterns: patterns, receiver)
    case .down: listener?.unsubscribed()
    }
  }

  private func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
    if channel.isEqual(to: recorderChannel) {
      // What names a shard is about another fleet's stream.
      guard let notice = RecorderNotice(payload), notice.shard == nil else { return }
      listener?.hear(notice, channel, payload)
    } else if receiver?.isFirstMatch(of: patterns, channel) == true {
      listener?.hear(channel, payload)
    }
  }
}
