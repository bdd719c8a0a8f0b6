import FleetModel
import Loop
import Wire

/// The subscription of a ``ChannelHub`` on one server.
///
/// ```
/// add ─┬─ nothing is heard yet ─────────▶ hearing, with all others when the server confirms
///      └─ others hear ─▶ joining ─ pong ─▶ hearing
/// ```
/// Who comes to others that hear must not take what was published before: that may still be on its way to them, while
/// the stream has told it already.
final class ChannelNode: ChannelListener {
  let server: Endpoint
  private let loop: Loop
  private let filter: ShardFilter
  private let recorderChannel: [UInt8]
  private let patterns: [[UInt8]]
  private lazy var subscription = OwnSubscription(
    loop: loop, endpoint: server, recorderChannel: recorderChannel, patterns: patterns, listener: self)
  /// By the number of the shard.
  private var seats: [Seat]
  /// The shards that wait for an answer, by the pings on their way: answers come in the order of the questions.
  private var pings: [[Int]] = []
  /// The shards for which the next ping goes out: one for all that ask in the same turn.
  private var asking: [Int] = []
  /// Since when messages may come; nil if they do not.
  private var since: MonotonicTime?
  /// The connection over which all is heard; nil while it is not.
  private var subscribed: Connection?
  private var refusal: ServerError?

  private struct Seat {
    enum Standing { case free, joining, hearing }

    weak var listener: (any ChannelListener)?
    var standing = Standing.free
  }

  init(loop: Loop, shards: Shards, patterns: [String], at server: Endpoint) {
    self.loop = loop
    self.server = server
    self.patterns = patterns.map { Array($0.utf8) }
    recorderChannel = Keys(shards.prefixes[0]).recorderChannel
    filter = ShardFilter(shards, index: 0)
    seats = Array(repeating: Seat(), count: shards.count)
  }

  var link: Link? { subscription.link }

  func connection(of shard: Int) -> Connection? { seats[shard].standing == .hearing ? subscribed : nil }

  func start() { subscription.start() }
  func stop() { subscription.stop() }

  // MARK: Who listens

  func add(_ shard: Int, _ listener: any ChannelListener) {
    let isJoining = subscribed != nil
    seats[shard] = Seat(listener: listener, standing: isJoining ? .joining : .hearing)
    if isJoining {
      listener.subscribes(since: .now)
      ask(for: shard)
    } else if let since {
      listener.subscribes(since: since)
    } else if let refusal {
      _ = listener.refused(refusal)
    }
  }

  /// - Returns: whether nobody is left.
  func remove(_ shard: Int) -> Bool {
    seats[shard] = Seat()
    // Whoever comes back has not asked what the one before has asked.
    asking.removeAll { $0 == shard }
    for index in pings.indices { pings[index].removeAll { $0 == shard } }
    return seats.allSatisfy { $0.standing == .free }
  }

  func ping(for shard: Int) {
    if connection(of: shard) != nil { ask(for: shard) }
  }

  private func ask(for shard: Int) {
    asking.append(shard)
    guard asking.count == 1 else { return }
    loop.later { [weak self] in self?.ping() }
  }

  private func ping() {
    guard subscribed != nil, !asking.isEmpty else { return }
    pings.append(asking)
    asking = []
    subscription.ping()
  }

  /// Whoever is told may come and go meanwhile.
  private func tell(_ told: (any ChannelListener) -> Void) {
    for listener in seats.compactMap(\.listener) { told(listener) }
  }

  // MARK: What the server says

  func subscribes(since moment: MonotonicTime) {
    (since, refusal) = (moment, nil)
    tell { $0.subscribes(since: moment) }
  }

  func subscribed(_ connection: Connection) {
    subscribed = connection
    tell { $0.subscribed(connection) }
  }

  func unsubscribed() {
    forget()
    tell { $0.unsubscribed() }
  }

  func refused(_ error: ServerError) -> Bool {
    forget()
    refusal = error
    var isKept = false
    tell { if $0.refused(error) { isKept = true } }
    return isKept
  }

  /// All who are here hear again together, if they do.
  private func forget() {
    (pings, asking) = ([], [])
    (since, subscribed, refusal) = (nil, nil, nil)
    for shard in seats.indices where seats[shard].standing == .joining { seats[shard].standing = .hearing }
  }

  func heardAll() {
    guard !pings.isEmpty else { return }
    for shard in pings.removeFirst() {
      guard let subscribed, let listener = seats[shard].listener else { continue }
      switch seats[shard].standing {
      case .free: break
      case .joining:
        seats[shard].standing = .hearing
        listener.subscribed(subscribed)
      case .hearing: listener.heardAll()
      }
    }
  }

  func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, isOversized: Bool) {
    listener(of: filter.shard(of: payload))?.hear(channel, payload, isOversized: isOversized)
  }

  func hear(_ notice: RecorderNotice, _ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
    // What names no shard is about the stream of another fleet.
    guard let shard = notice.shard, seats.indices.contains(shard) else { return }
    listener(of: shard)?.hear(notice, channel, payload)
  }

  private func listener(of shard: Int) -> (any ChannelListener)? {
    seats[shard].standing == .hearing ? seats[shard].listener : nil
  }
}
