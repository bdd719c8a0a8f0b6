import FleetModel

/// What a sentinel says of a group: where its primary is, how new that is, and which other sentinels there are.
struct SentinelAnswer: Equatable {
  var primary: SentinelGroup.Node
  /// Goes up with each failover; nil if the sentinel does not tell.
  var epoch: Int64?
  var others: [SentinelGroup.Node] = []
}

extension SentinelAnswer {
  /// Why an answer is none.
  enum Refusal: Error, Equatable {
    case unknownName
    case unusable(String)
    case error(ServerError)
  }

  /// What is asked of a sentinel; the answers are read by ``init(_:)``.
  static func requests(_ name: String) -> [Request] {
    [
      Request("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name), Request("SENTINEL", "MASTER", name),
      Request("SENTINEL", "SENTINELS", name),
    ]
  }

  /// Only the first answer is needed: a user may be denied the others.
  init(_ replies: [Reply]) throws(Refusal) {
    guard let first = replies.first else { throw .unusable("nothing") }
    if let error = first.error { throw .error(error) }
    if first.isNull { throw .unknownName }
    guard let place = first.elements, place.count == 2, let node = Self.node(place[0].bytes, place[1].bytes) else {
      throw .unusable("no usable address")
    }
    primary = node
    if replies.count > 1 { epoch = replies[1].field("config-epoch")?.integer }
    if replies.count > 2 { others = Self.others(replies[2]) }
  }

  /// Of a sentinel's list, as many as are ever asked.
  private static func others(_ reply: Reply) -> [SentinelGroup.Node] {
    (reply.elements ?? []).prefix(SentinelGroup.mostListed).compactMap { sentinel in
      node(sentinel.field("ip")?.bytes, sentinel.field("port")?.bytes)
    }
  }

  /// An address that can be dialed and shown; nil for anything else.
  private static func node(_ host: [UInt8]?, _ port: [UInt8]?) -> SentinelGroup.Node? {
    guard let host, let port, (1...longestHost).contains(host.count), let number = Bounded.int(port),
      let port = UInt16(exactly: number), port > 0
    else { return nil }
    let text = String(decoding: host, as: UTF8.self)
    guard text.unicodeScalars.allSatisfy(Endpoint.isOfHost) else { return nil }
    return SentinelGroup.Node(host: text, port: port)
  }

  /// No name of a host is longer, in bytes.
  private static let longestHost = 253
}
