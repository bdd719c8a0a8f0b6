/// What one shard's listener hears of a ``ChannelHub``.
final class SharedSubscription: ChannelSource {
  private let hub: ChannelHub
  private let shard: Int
  private weak var listener: (any ChannelListener)?
  private var node: ChannelNode?
  private var server: Endpoint?
  private var isStarted = false

  init(_ hub: ChannelHub, shard: Int, _ listener: any ChannelListener) {
    (self.hub, self.shard, self.listener) = (hub, shard, listener)
  }

  /// Whoever is gone without a word keeps no subscription.
  deinit { leave() }

  var link: Link? { node?.link }
  var connection: Connection? { node?.connection(of: shard) }

  func start() {
    isStarted = true
    attach()
  }

  func stop() {
    isStarted = false
    // Whoever stops it needs no telling.
    listener = nil
    leave()
  }

  func ping() { node?.ping(for: shard) }

  func move(to server: Endpoint?) {
    guard server != self.server else { return }
    self.server = server
    if leave() { listener?.unsubscribed() }
    attach()
  }

  private func attach() {
    guard isStarted, node == nil, let server, let listener else { return }
    let node = hub.node(at: server)
    self.node = node
    node.add(shard, listener)
  }

  /// - Returns: whether there was anything to leave.
  @discardableResult
  private func leave() -> Bool {
    guard let node else { return false }
    self.node = nil
    if node.remove(shard) { hub.letGo(of: node) }
    return true
  }
}
