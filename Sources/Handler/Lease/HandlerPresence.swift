import FleetModel
import Loop
import Redis
import Wire

/// Says in shard 00 that this handler lives and which shards it could lead, and hears which others do.
///
/// `{agentos:00}:handlers` is a hash: id → `<epoch ms by the server> <shards as bits, hexadecimal>`. The field `shards` of
/// `{agentos:00}:cursor` says into how many shards the fleet is divided, by whichever handler came first.
struct HandlerPresence {
  /// What shard 00 says.
  enum Answer: Equatable {
    /// Who lives, and which shards each could lead.
    case present([String: Set<Int>])
    /// The fleet is divided into another number of shards; as it stands in Redis.
    case otherNumber(String)
    /// Redis answered with an error.
    case refused(String)
  }

  let keys: Keys
  let id: String
  let count: Int
  private let script = Script(HandlerPresence.source)

  /// A handler is gone that has said nothing for so long, in milliseconds.
  static let span = 3000
  /// No more are taken: anybody may write there.
  private static let most = 256

  /// - Parameters:
  ///   - keys: of shard 0.
  ///   - count: how many shards there are.
  init(keys: Keys, id: String, count: Int) {
    (self.keys, self.id, self.count) = (keys, id, count)
  }

  /// - Parameter completion: not called if the connection ends before.
  func tell(_ able: Set<Int>, on connection: Connection, _ completion: @escaping (Answer) -> Void) {
    let arguments = EncodedArguments(id, Self.text(able), count, Self.span)
    script.run(on: connection, keys: [keys.handlers, keys.cursor], arguments: arguments) { result in
      guard case .success(let reply) = result else { return }
      completion(Self.answer(reply, count: count))
    }
  }

  /// Says that this handler lives no more, so that nobody waits for it.
  func leave(on connection: Connection) {
    connection.send(Request("HDEL", keys.handlers, id)) { _ in }
    // What ends may close the connection in this very turn.
    connection.flush()
  }

  private static func answer(_ reply: Reply, count: Int) -> Answer {
    if let error = reply.error { return .refused(error.text) }
    let parts = reply.elements?.compactMap(\.text) ?? []
    guard let number = parts.first else { return .refused("an answer that is none") }
    guard number == "\(count)" else { return .otherNumber(number) }
    var handlers: [String: Set<Int>] = [:]
    for place in stride(from: 1, to: min(parts.count - 1, 2 * most), by: 2) {
      handlers[parts[place]] = shards(parts[place + 1], count: count)
    }
    return .present(handlers)
  }

  static func text(_ shards: Set<Int>) -> String {
    String(shards.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }, radix: 16)
  }

  /// What is no such text names none.
  static func shards(_ text: String, count: Int) -> Set<Int> {
    let bits = UInt64(text, radix: 16) ?? 0
    return Set((0..<count).filter { bits >> UInt64($0) & 1 == 1 })
  }

  /// KEYS: the handlers, the cursor. ARGV: id, what it could lead, the number of shards, the span in milliseconds.
  ///
  /// Answers the number that stands there, and id and shards of each handler that lives.
  private static let source = """
    local number = redis.call('HGET', KEYS[2], 'shards')
    if not number then
      redis.call('HSET', KEYS[2], 'shards', ARGV[3])
      number = ARGV[3]
    end
    if number ~= ARGV[3] then return {number} end
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
    local all = redis.call('HGETALL', KEYS[1])
    local answer = {number}
    for place = 1, #all, 2 do
      local at, shards = all[place + 1]:match('^(%d+) (%x+)$')
      local age = at and now - tonumber(at)
      -- One of the future was written before the clock was set back.
      if age and age >= 0 and age < tonumber(ARGV[4]) then
        answer[#answer + 1] = all[place]
        answer[#answer + 1] = shards
      else
        redis.call('HDEL', KEYS[1], all[place])
      end
    end
    return answer
    """
}
