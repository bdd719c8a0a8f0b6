import FleetModel
import Redis
import Wire

/// What came of one question.
enum Answer<Value> {
  /// It was not asked, or no answer came in time.
  case none
  case refused(ServerError)
  case value(Value)

  var value: Value? {
    if case .value(let value) = self { value } else { nil }
  }

  func map<Other>(_ change: (Value) -> Other) -> Answer<Other> {
    switch self {
    case .none: .none
    case .refused(let error): .refused(error)
    case .value(let value): .value(change(value))
    }
  }
}

/// All that a server, and what an installation has there, told of themselves.
struct ServerAnswers {
  var identity: Answer<ServerIdentity> = .none
  var info: Answer<ServerInfo> = .none
  /// Server's clock less this machine's, and how long the answer took: the difference is known no better.
  var skew: Answer<(difference: TimeSpan, took: TimeSpan)> = .none
  /// The user of the connection.
  var user: Answer<String> = .none
  var slots: Answer<SlotMap> = .none
  var ownNode: Answer<String> = .none
  var lease: Answer<Lease?> = .none
  var streams: [StreamAnswers] = []
  var rights = RightsAnswers()
  /// Why the link ended before all was answered.
  var failure: ConnectionFailure?
  /// Whether it took so long that the rest was not waited for.
  var ranOutOfTime = false

  /// The server's time as all was asked.
  var time: Instant?

  /// Whether anything was answered at all.
  var hasAny: Bool {
    if case .none = identity, case .none = skew, case .none = info { return false }
    return true
  }

  /// Whether the server is one of a cluster.
  var isCluster: Bool { info.value?["cluster_enabled"] == "1" || identity.value?.mode == "cluster" }

  /// Nil if neither answer tells it.
  var version: ServerVersion? {
    identity.value?.version
      ?? info.value.flatMap { $0["valkey_version"] ?? $0["redis_version"] }.flatMap { ServerVersion($0) }
  }
}

/// One of the installation's streams.
struct StreamAnswers {
  /// Nil if there is no such key.
  var info: Answer<StreamInfo?> = .none
  var groups: Answer<[Group]> = .none
  var name: String

  struct Group: Equatable {
    /// Foreign text.
    var name: String
    var consumers: Int
    var pending: Int
    /// How many entries it has not read; nil if the server does not know, and before 7.0.
    var lag: Int?
  }
}

/// What `INFO` says: names and values, foreign text.
struct ServerInfo: Equatable {
  private var values: [String: String] = [:]
  /// More than any server has.
  private static let mostLines = 2000
  private static let mostBytes = 256

  init(_ text: String) {
    for line in text.split(separator: "\r\n", maxSplits: Self.mostLines).prefix(Self.mostLines) {
      guard !line.hasPrefix("#"), let colon = line.firstIndex(of: ":" as Character) else { continue }
      let value = line[line.index(after: colon)...].utf8.prefix(Self.mostBytes)
      values[String(line[..<colon])] = String(decoding: value, as: UTF8.self)
    }
  }

  subscript(name: String) -> String? { values[name] }

  func integer(_ name: String) -> Int? { values[name].flatMap { Bounded.int(Array($0.utf8)) } }

  /// The parts of a value such as `ip=10.0.0.1,port=6379,lag=0`.
  func parts(_ name: String) -> [String: String] {
    let pairs = (values[name] ?? "").split(separator: ",").compactMap { part -> (String, String)? in
      let sides = part.split(separator: "=", maxSplits: 1)
      return sides.count == 2 ? (String(sides[0]), String(sides[1])) : nil
    }
    return Dictionary(pairs) { first, _ in first }
  }
}

/// Which node of a cluster serves which slots, by `CLUSTER SLOTS`.
struct SlotMap {
  struct Node: Equatable {
    /// Foreign text.
    var place: String
    var id: String
  }

  private var ranges: [(slots: ClosedRange<Int>, node: Node)] = []

  init(_ reply: Reply) {
    for range in reply.elements ?? [] {
      guard let parts = range.elements, parts.count >= 3, let first = parts[0].integer, let last = parts[1].integer,
        let node = parts[2].elements, node.count >= 2, let port = node[1].integer, first <= last
      else { continue }
      let id = node.count > 2 ? node[2].text ?? "" : ""
      ranges.append(
        (Int(first)...Int(last), Node(place: "\((node[0].text ?? "").prefix(256)):\(port)", id: String(id.prefix(64)))))
    }
  }

  /// Nil if nobody serves it.
  func owner(of slot: Int) -> Node? { ranges.first { $0.slots.contains(slot) }?.node }
}
