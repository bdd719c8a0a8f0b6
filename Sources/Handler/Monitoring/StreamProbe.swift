import FleetModel
import Loop
import Redis
import Wire

/// How far handlers are behind in a stream, as Redis tells: the same to whoever leads and whoever stands by.
struct StreamStanding: Equatable {
  let name: String
  /// Time between the last entry and the last one that was dealt with; nil if that is not known.
  var lagSeconds: Double?
  /// Entries that nobody has read.
  var lagEntries: Int?
  /// Entries that were read and are not dealt with.
  var pending: Int?
  var length: Int?
}

/// Asks Redis every few seconds how far handlers are behind, and who leads. It asks nothing while monitoring is off.
///
/// A class, because the loop's timer and the answers share it.
final class StreamProbe {
  private let loop: Loop
  private let keys: Keys
  private let connection: () -> Connection?
  private var timer: Loop.TimerID?
  private(set) var streams: [StreamStanding] = []
  /// The name of the handler that leads; nil if none does, or nobody has been asked.
  private(set) var leader: String?

  private static let span: Int64 = 2000
  private static let shortSpan: Int64 = 200

  init(loop: Loop, keys: Keys, connection: @escaping () -> Connection?) {
    (self.loop, self.keys, self.connection) = (loop, keys, connection)
  }

  deinit { loop.cancel(timer) }

  func start() {
    guard timer == nil else { return }
    look()
  }

  func stop() {
    loop.cancel(timer)
    timer = nil
    (streams, leader) = ([], nil)
  }

  private func look() {
    let connection = connection()
    let span = connection == nil ? Self.shortSpan : Self.span
    timer = loop.schedule(inMilliseconds: span) { [weak self] in self?.look() }
    guard let connection else {
      (streams, leader) = ([], nil)
      return
    }
    var replies: [Reply] = []
    let requests = requests
    for request in requests {
      connection.send(request) { [weak self] result in
        guard case .success(let reply) = result else { return }
        replies.append(reply)
        if replies.count == requests.count { self?.take(replies) }
      }
    }
  }

  private var requests: [Request] {
    [
      Request("GET", keys.lease), Request("XINFO", "STREAM", keys.events),
      Request("HMGET", keys.cursor, keys.events, EventSaver.countField(keys)),
      Request("XINFO", "GROUPS", keys.commands), Request("XLEN", keys.commands), Request("XLEN", keys.dead),
    ]
  }

  private func take(_ replies: [Reply]) {
    guard timer != nil else { return }
    leader = replies[0].bytes.flatMap { LeaseCoding.decode($0) }?.id
    streams = [
      events(replies[1], replies[2]), commands(replies[3], replies[4]),
      StreamStanding(name: "dead", length: replies[5].integer.map { Int($0) }),
    ]
  }

  private func events(_ stream: Reply, _ cursor: Reply) -> StreamStanding {
    var standing = StreamStanding(name: "events")
    guard let info = StreamInfo(stream) else { return standing }
    standing.length = info.length
    let fields = cursor.elements?.map(\.bytes) ?? []
    guard let reached = fields.first?.flatMap({ StreamID($0) }) else { return standing }
    // Of an id of the future nobody can tell how old it is.
    let behind = (info.lastID.instant - reached.instant).milliseconds
    standing.lagSeconds = info.lastID > reached ? Double(max(0, behind)) / 1000 : 0
    if let added = info.added, let count = fields.last?.flatMap({ Bounded.int($0) }) {
      standing.lagEntries = max(0, Bounded.int(Int64(added)) - count)
    }
    return standing
  }

  private func commands(_ groups: Reply, _ length: Reply) -> StreamStanding {
    var standing = StreamStanding(name: "commands", length: length.integer.map { Int($0) })
    let group = groups.elements?.first { $0.field("name")?.bytes == Keys.group }
    standing.pending = group?.field("pending")?.integer.map { Bounded.int($0) }
    standing.lagEntries = group?.field("lag")?.integer.map { max(0, Bounded.int($0)) }
    return standing
  }
}
