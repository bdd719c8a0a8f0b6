import FleetModel
import Redis
import Wire

/// The stream of dead letters of one shard, and what is done with its entries.
///
/// A class, since the answers to its questions find their way back to it.
final class DeadStream {
  private let query: RedisQuery
  private let putBack = Script(DeadStream.putBackSource)

  /// How many entries are asked for at once.
  private static let page = 100

  init(_ query: RedisQuery) {
    self.query = query
  }

  var keys: Keys { query.keys }

  /// The server's time.
  var now: Instant { query.now }

  /// Which shard's it is; nil if the fleet is one.
  var shard: Int? { query.installation.prefix.shard }

  func complain(_ id: String, _ reason: String) { query.complain(id, reason) }

  /// - Parameter orElse: called in place of `completion` if the shard is lost.
  func send(_ request: Request, _ completion: @escaping (Reply) -> Void, orElse: @escaping () -> Void) {
    query.send(request, completion, orElse: orElse)
  }

  /// Reads one page, behind an entry if one is named.
  func readPage(after last: StreamID?, _ completion: @escaping ([StoredDeadLetter], _ isLast: Bool) -> Void) {
    let start = last.map { "(\($0)" } ?? "-"
    send(Request("XRANGE", keys.dead, start, "+", "COUNT", Self.page)) { reply in
      let entries = (reply.elements ?? []).compactMap { StoredDeadLetter($0) }
      completion(entries, entries.count < Self.page)
    } orElse: {
      completion([], true)
    }
  }

  /// Hands on all entries up to an id, a page at a time; each page is through before the next is asked for.
  ///
  /// - Parameter take: calls its second argument once the page is through.
  func pages(
    from start: String = "-", through last: StreamID,
    _ take: @escaping ([StoredDeadLetter], _ next: @escaping () -> Void) -> Void, end: @escaping () -> Void
  ) {
    send(Request("XRANGE", keys.dead, start, last, "COUNT", Self.page)) { [self] reply in
      let entries = (reply.elements ?? []).compactMap { StoredDeadLetter($0) }
      guard let newest = entries.last?.id else { return end() }
      take(entries) { [self] in pages(from: "(\(newest)", through: last, take, end: end) }
    } orElse: {
      end()
    }
  }

  /// The newest entry's id; nil if there is none.
  func newest(_ completion: @escaping (StreamID?) -> Void) {
    send(Request("XREVRANGE", keys.dead, "+", "-", "COUNT", 1)) { reply in
      completion(reply.elements?.first.flatMap { StoredDeadLetter($0)?.id })
    } orElse: {
      completion(nil)
    }
  }

  // MARK: Moving

  /// Moves an entry's bytes into a stream, in one step, so that two who do it at once put them back once.
  ///
  /// ```
  /// KEYS  the dead ones, the stream      ARGV  id, bytes      gives the new id; nil if the entry is gone
  /// ```
  private static let putBackSource = """
    if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return false end
    local id = redis.pcall('XADD', KEYS[2], '*', '__data__', ARGV[2])
    if type(id) == 'table' then return id end
    redis.call('XDEL', KEYS[1], ARGV[1])
    return id
    """

  /// - Parameters:
  ///   - completion: gets the new id as text; nil if somebody else was faster.
  ///   - orElse: called in its place if the shard is lost.
  private func move(
    _ id: StreamID, _ data: [UInt8], into stream: [UInt8], _ completion: @escaping (String?) -> Void,
    orElse: @escaping () -> Void
  ) {
    guard let connection = query.connection, query.loss == nil else { return orElse() }
    putBack.run(on: connection, keys: [keys.dead, stream], arguments: EncodedArguments(id, data)) { [query] in
      query.take($0, { completion($0.text) }, orElse: orElse)
    }
  }

  /// Puts an entry back where it came from, and says so, or why not.
  func retry(_ entry: StoredDeadLetter, then next: @escaping () -> Void) {
    switch DeadLetterRetry(entry, keys: keys, now: now) {
    case .refused(let reason):
      complain("\(entry.id)", "not put back: \(reason)")
      next()
    case .put(let data, let stream, let until):
      move(entry.id, data, into: stream) { [self] id in
        if let id {
          let anew = until.map { "; it had expired, and is issued anew until \(ISO8601.format($0))" } ?? ""
          Output.line("\(entry.id) is back in \(String(decoding: stream, as: UTF8.self)) as \(id)\(anew)".shown)
        } else {
          complain("\(entry.id)", "no such entry any more")
        }
        next()
      } orElse: { [self] in
        complain("\(entry.id)", "not put back")
        next()
      }
    }
  }
}
