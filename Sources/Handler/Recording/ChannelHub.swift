import FleetModel
import Loop
import Redis
import Wire

/// The channels as the recorders of a divided fleet hear them that run in one process: one subscription on each server
/// where shards of the fleet lie.
///
/// ```
/// server ─ message ─▶ node: whose agent is it about? ─┬─▶ recorder of shard 00
///                                                     ├─▶ recorder of shard 05
///                                                     └─  dropped: that shard lies elsewhere
/// ```
/// A shard is heard on the server that owns its slot, for only there its markers have one place among the messages for all
/// who listen. Each message is read once, and nothing of it is copied that is not written.
///
/// A class, because all recorders share it.
final class ChannelHub {
  fileprivate let loop: Loop
  fileprivate let shards: Shards
  fileprivate let recorderChannel: [UInt8]
  fileprivate let patterns: [[UInt8]]
  private var nodes: [ChannelNode] = []

  init(loop: Loop, shards: Shards, patterns: [String]) {
    self.loop = loop
    self.shards = shards
    recorderChannel = Keys(shards.prefixes[0]).recorderChannel
    self.patterns = patterns.map { Array($0.utf8) }
  }

  /// How many servers it listens to.
  var nodeCount: Int { nodes.count }

  /// The channels for the recorder of a shard.
  func source(of shard: Int, for listener: any ChannelListener) -> any ChannelSource {
    SharedSubscription(self, shard: shard, listener)
  }

  fileprivate func node(at server: Endpoint) -> ChannelNode {
    if let known = nodes.first(where: { $0.server == server }) { return known }
    let fresh = ChannelNode(self, at: server)
    nodes.append(fresh)
    fresh.start()
    return fresh
  }

  fileprivate func letGo(of node: ChannelNode) {
    node.stop()
    nodes.removeAll { $0 === node }
  }
}

/// What one shard's recorder hears of a ``ChannelHub``.
final class SharedSubscription: ChannelSource {
  private let hub: ChannelHub
  fileprivate let shard: Int
  fileprivate weak var listener: (any ChannelListener)?
  private var node: ChannelNode?
  private var server: Endpoint?
  private var isStarted = false

  fileprivate init(_ hub: ChannelHub, shard: Int, _ listener: any ChannelListener) {
    (self.hub, self.shard, self.listener) = (hub, shard, listener)
  }

  var connection: Connection? { node?.subscribed }

  func start() {
    isStarted = true
    attach()
  }

  func stop() {
    isStarted = false
    // Whoever stops it needs no telling.
    listener = nil
    detach()
  }

  func ping() { node?.ping(for: self) }

  /// The shard's keys lie on this server from here on.
  func move(to server: Endpoint) {
    guard server != self.server else { return }
    self.server = server
    detach()
    attach()
  }

  private func attach() {
    guard isStarted, node == nil, let server else { return }
    let node = hub.node(at: server)
    self.node = node
    node.add(self)
  }

  private func detach() {
    guard let node else { return }
    self.node = nil
    if node.remove(self) { hub.letGo(of: node) }
    if node.subscribed != nil { listener?.unsubscribed() }
  }
}

/// The subscription of a ``ChannelHub`` on one server.
private final class ChannelNode {
  let server: Endpoint
  private let hub: ChannelHub
  private let filter: ShardFilter
  private lazy var link = Link(loop: hub.loop, endpoint: server) { [weak self] in self?.changed($0) }
  private var receiver: MessageReceiver?
  /// Those who listen here, by their shard.
  private var members: [SharedSubscription?]
  /// Who has asked for an answer that has not come: answers come in the order of the questions.
  private var pings: [SharedSubscription] = []
  /// The connection over which all is heard; nil while it is not.
  private(set) var subscribed: Connection?

  init(_ hub: ChannelHub, at server: Endpoint) {
    (self.hub, self.server) = (hub, server)
    filter = ShardFilter(hub.shards, index: 0)
    members = Array(repeating: nil, count: hub.shards.count)
  }

  func start() { link.start() }

  func stop() {
    pings = []
    link.stop()
  }

  func add(_ member: SharedSubscription) {
    members[member.shard] = member
    if let subscribed { member.listener?.subscribed(subscribed) }
  }

  /// - Returns: whether nobody is left.
  func remove(_ member: SharedSubscription) -> Bool {
    members[member.shard] = nil
    return members.allSatisfy { $0 == nil }
  }

  func ping(for member: SharedSubscription) {
    guard let subscribed else { return }
    pings.append(member)
    subscribed.ping()
  }

  private func changed(_ notice: Link.Update) {
    switch notice {
    case .up(let connection):
      let receiver = MessageReceiver { [weak self, weak connection] in
        if let connection { self?.confirmed(connection) }
      } answered: { [weak self] in
        self?.answered()
      } deliver: { [weak self] channel, payload in
        self?.hear(channel, payload)
      }
      self.receiver = receiver
      connection.subscribe(channels: [hub.recorderChannel], patterns: hub.patterns, receiver)
    case .down:
      pings = []
      subscribed = nil
      for member in members { member?.listener?.unsubscribed() }
    }
  }

  private func confirmed(_ connection: Connection) {
    subscribed = connection
    for member in members { member?.listener?.subscribed(connection) }
  }

  private func answered() {
    guard !pings.isEmpty else { return }
    let member = pings.removeFirst()
    // One that has left has asked for nothing.
    if members[member.shard] === member { member.listener?.heardAll() }
  }

  private func hear(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
    if channel.isEqual(to: hub.recorderChannel) {
      guard let notice = RecorderNotice(payload), let shard = notice.shard, members.indices.contains(shard) else {
        return
      }
      members[shard]?.listener?.hear(notice, channel, payload)
    } else if receiver?.isFirstMatch(of: hub.patterns, channel) == true {
      members[filter.shard(of: payload)]?.listener?.hear(channel, payload)
    }
  }
}
