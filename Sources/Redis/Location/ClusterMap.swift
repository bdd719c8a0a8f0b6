import Wire

/// Which nodes of a Redis cluster own which slots, as one of them says in answer to CLUSTER SLOTS.
struct ClusterMap {
  struct Node: Equatable {
    /// Nil if the answering node knows none: then it is the host that was asked.
    var host: String?
    var port: UInt16
    var id: [UInt8]
  }

  private struct Stretch {
    let slots: ClosedRange<Int>
    let primary: Node
    /// Whether a replica stands by that the answering node holds to live.
    let hasReplica: Bool
  }

  private var stretches: [Stretch] = []
  /// Primaries and replicas, each once, up to ``mostNodes``.
  private(set) var nodes: [Node] = []

  /// A cluster of Redis has a thousand nodes at most; so many are asked for another map.
  static let mostNodes = 64

  /// - Parameter reply: `[[first slot, last slot, [host, port, id, …], replicas …], …]`; what is not understood of it is
  ///   passed over.
  init(_ reply: Reply) {
    for part in reply.elements ?? [] {
      guard let fields = part.elements, fields.count >= 3, let first = fields[0].integer, let last = fields[1].integer,
        (0..<Int64(HashSlot.count)).contains(first), (first..<Int64(HashSlot.count)).contains(last)
      else { continue }
      let named = fields[2...].map(Self.node)
      for case let node? in named where nodes.count < Self.mostNodes && !nodes.contains(node) { nodes.append(node) }
      if let primary = named[0] {
        stretches.append(Stretch(slots: Int(first)...Int(last), primary: primary, hasReplica: named.count > 1))
      }
    }
  }

  /// The primary that owns a slot; nil if the answering node knows none.
  func owner(of slot: Int) -> Node? { stretches.first { $0.slots.contains(slot) }?.primary }

  /// Whether a replica of a slot's owner stands by.
  func hasReplica(of slot: Int) -> Bool { stretches.contains { $0.slots.contains(slot) && $0.hasReplica } }

  /// Those that own slots, each once.
  var primaries: [Node] {
    var all: [Node] = []
    for stretch in stretches where !all.contains(stretch.primary) { all.append(stretch.primary) }
    return all
  }

  private static func node(_ reply: Reply) -> Node? {
    guard let fields = reply.elements, fields.count >= 2, let port = fields[1].integer, (1...65_535).contains(port)
    else { return nil }
    let id = fields.count > 2 ? fields[2].bytes ?? [] : []
    guard let host = fields[0].text, !host.isEmpty else { return Node(host: nil, port: UInt16(port), id: id) }
    // "?" stands for a name that the node has not been told.
    guard host != "?", host.utf8.count <= 255, Endpoint.isHost(host) else { return nil }
    return Node(host: host, port: UInt16(port), id: id)
  }
}
