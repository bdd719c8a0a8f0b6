import FleetModel
import Redis
import Wire

/// The stream `agentos:dead`, and what a command does with it: one of its functions, which ends the session.
///
/// A class, since the answers to its questions find their way back to it.
final class DeadStream {
  private let query: RedisQuery
  private let putBack = Script(DeadStream.putBackSource)

  /// How many entries are asked for at once.
  private static let page = 100

  /// Connects, does the work, and gives how it ended.
  static func run(_ redis: RedisOptions, _ work: @escaping (DeadStream) -> Void) throws {
    try RedisQuery.run(try redis.installation()) { work(DeadStream($0)) }
  }

  private init(_ query: RedisQuery) {
    self.query = query
  }

  var keys: Keys { query.keys }

  /// The server's time.
  var now: Instant { query.now }

  func end() { query.end() }

  func complain(_ id: String, _ reason: String) { query.complain(id, reason) }

  func send(_ request: Request, _ completion: @escaping (Reply) -> Void) { query.send(request, completion) }

  /// Hands on all entries up to an id, a page at a time; each page is through before the next is asked for.
  ///
  /// - Parameters:
  ///   - last: nil for all, those included that come meanwhile.
  ///   - take: calls its second argument once the page is through.
  func pages(
    from start: String = "-", through last: StreamID? = nil,
    _ take: @escaping ([StoredDeadLetter], _ next: @escaping () -> Void) -> Void, end: @escaping () -> Void
  ) {
    let to = last.map { "\($0)" } ?? "+"
    send(Request("XRANGE", keys.dead, start, to, "COUNT", Self.page)) { [self] reply in
      let entries = (reply.elements ?? []).compactMap { StoredDeadLetter($0) }
      guard let newest = entries.last?.id else { return end() }
      take(entries) { [self] in pages(from: "(\(newest)", through: last, take, end: end) }
    }
  }

  /// Finds an entry by what was typed; names it and goes on if there is none.
  func find(_ text: String, _ completion: @escaping (StoredDeadLetter?) -> Void) {
    guard let id = StreamID(Array(text.utf8)) else {
      complain(text, "is no entry's id; write one such as 1795334137846-0")
      return completion(nil)
    }
    send(Request("XRANGE", keys.dead, id, id)) { [self] reply in
      let entry = reply.elements?.first.flatMap { StoredDeadLetter($0) }
      if entry == nil { complain(text, "no such entry") }
      completion(entry)
    }
  }

  /// The newest entry's id; nil if there is none.
  func newest(_ completion: @escaping (StreamID?) -> Void) {
    send(Request("XREVRANGE", keys.dead, "+", "-", "COUNT", 1)) { reply in
      completion(reply.elements?.first.flatMap { StoredDeadLetter($0)?.id })
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

  /// - Parameter completion: gets the new id as text; nil if somebody else was faster.
  func move(_ id: StreamID, _ data: [UInt8], into stream: [UInt8], _ completion: @escaping (String?) -> Void) {
    guard let connection = query.connection else { return }
    putBack.run(on: connection, keys: [keys.dead, stream], arguments: EncodedArguments(id, data)) { [query] in
      query.take($0) { completion($0.text) }
    }
  }
}
