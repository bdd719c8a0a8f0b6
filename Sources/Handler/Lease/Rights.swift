import Execution
import FleetModel
import Redis
import Wire

/// What Redis must allow a handler: the commands that its scripts and readers use, on each kind of key.
///
/// A handler asks before it takes the lease, and again once Redis refuses something: one that could do only half of a
/// transaction does none. What it can do without is said, and left out.
struct Rights {
  /// Commands on one key, or one pattern of keys.
  private struct Row {
    var key: [UInt8]
    /// Each with `@` where its key stands.
    var commands: [String]
  }

  private let rows: [Row]
  /// Where older servers, which cannot be asked, let the commands be tried.
  private let scratch: [UInt8]
  private let optional: [Row]
  private let script = Script(Rights.script)

  init(_ keys: Keys) {
    let all = Array("*".utf8)
    scratch = keys.mark("rules/rights")
    rows = [
      Row(key: keys.lease, commands: ["GET @", "SET @", "PTTL @", "PEXPIRE @", "DEL @"]),
      Row(key: keys.fence, commands: ["GET @", "SET @"]),
      Row(key: keys.audit, commands: ["TYPE @", "XADD @ * f v", "XREVRANGE @ + -"]),
      Row(key: keys.control, commands: ["TYPE @", "XADD @ * f v"]),
      Row(key: keys.dead, commands: ["TYPE @", "XADD @ * f v"]),
      Row(key: keys.reports, commands: ["TYPE @", "XADD @ * f v"]),
      Row(
        key: keys.events,
        commands: ["XADD @ * f v", "XREAD STREAMS @ 0", "XRANGE @ - +", "XREVRANGE @ + -", "XINFO STREAM @"]),
      Row(key: keys.commands, commands: Self.group),
      Row(key: keys.commands + ":*".utf8, commands: Self.group),
      Row(
        key: keys.agent(AgentID(bytes: all)), commands: ["TYPE @", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(key: keys.alerts, commands: ["TYPE @", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(key: keys.proposals, commands: ["TYPE @", "HGET @ f", "HSET @ f v", "HDEL @ f"]),
      Row(key: keys.profiles, commands: ["TYPE @", "HSCAN @ 0", "HSET @ f v", "HDEL @ f"]),
      Row(key: keys.notices, commands: ["TYPE @", "HKEYS @", "HMGET @ f", "HSET @ f v", "HDEL @ f"]),
      Row(key: keys.cursor, commands: ["TYPE @", "HGET @ f", "HMGET @ f", "HSET @ f v", "HDEL @ f"]),
      Row(
        key: keys.schedule,
        commands: ["TYPE @", "ZADD @ 0 m", "ZREM @ m", "ZSCORE @ m", "ZRANGEBYSCORE @ 0 0"]),
      Row(key: keys.blocked, commands: ["TYPE @", "ZADD @ 0 m", "ZREM @ m", "ZSCORE @ m"]),
      Row(key: keys.automation, commands: ["GET @", "SET @"]),
      Row(key: keys.mark(all), commands: Self.marks),
      Row(key: [], commands: ["SCAN 0", "TIME"]),
    ]
    var optional = [
      Row(key: keys.rollups + all, commands: ["MGET @", "SET @ v"]),
      Row(key: keys.insight, commands: ["TYPE @", "HMGET @ f", "HSET @ f v", "HDEL @ f"]),
      Row(key: keys.insightChanged, commands: ["TYPE @", "ZADD @ 0 m", "ZREM @ m"]),
      Row(key: keys.budgets, commands: ["TYPE @", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(key: keys.budgetGroups, commands: ["TYPE @", "HGETALL @", "HSET @ f v"]),
      Row(key: keys.levels, commands: ["SET @ v"]),
      Row(key: keys.insightRecord, commands: ["TYPE @", "HGET @ f", "HSET @ f v"]),
      Row(key: keys.tally, commands: ["HINCRBY @ f 1"]),
      Row(key: keys.audit, commands: ["XDEL @ 0-1", "XRANGE @ - +"]),
      Row(key: keys.profiles, commands: ["HLEN @"]),
      Row(key: [], commands: ["INFO memory", "DBSIZE"]),
      Row(key: keys.mark(all), commands: ["MEMORY USAGE @", "PTTL @"]),
    ]
    optional += keys.boundedStreams.map {
      Row(key: $0, commands: ["XTRIM @ MAXLEN 0", "XLEN @", "MEMORY USAGE @", "XINFO STREAM @"])
    }
    self.optional = optional
  }

  private static let group = [
    "XGROUP CREATE @ g 0", "XREADGROUP GROUP g c STREAMS @ >", "XACK @ g 0-1", "XPENDING @ g", "XCLAIM @ g c 0 0-1",
    "XINFO GROUPS @", "XRANGE @ - +",
  ]

  private static let marks = [
    "TYPE @", "GET @", "MGET @", "SET @ v", "DEL @", "PEXPIRE @ 1", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f",
    "SADD @ m", "SREM @ m", "SCARD @", "SMEMBERS @", "SISMEMBER @ m", "ZADD @ 0 m", "ZREM @ m", "ZCOUNT @ 0 0",
    "ZSCORE @ m", "ZRANGEBYSCORE @ 0 0", "ZREMRANGEBYSCORE @ 0 0", "ZREMRANGEBYRANK @ 0 0",
  ]

  /// Finds what is missing; an error if not even that can be asked.
  func look(on connection: Connection, _ completion: @escaping (Result<MissingRights, ServerError>) -> Void) {
    let all = rows + optional
    // Not among the keys: then the server would refuse the script as a whole, and name no key.
    var arguments = EncodedArguments(scratch)
    for row in all {
      for command in row.commands {
        row.key.append(to: &arguments)
        command.append(to: &arguments)
      }
    }
    let needed = rows.map(\.commands.count).reduce(0, +)
    // No script may try this one, and older servers tell it only by an attempt.
    var mayLoad = true
    connection.send(Request("SCRIPT", "LOAD", "return 0")) { result in
      if case .success(let reply) = result { mayLoad = reply.error?.code != "NOPERM" }
    }
    script.run(on: connection, keys: [], arguments: arguments) { result in
      // What ends with its connection is asked again on the next.
      guard case .success(let reply) = result else { return }
      if let error = reply.error { return completion(.failure(error)) }
      var missing = MissingRights()
      for place in reply.elements?.compactMap(\.integer) ?? [] {
        let words = Self.words(Int(place), all)
        if place <= needed { missing.needed.append(words) } else { missing.optional.append(words) }
      }
      if !mayLoad { missing.optional.append("SCRIPT LOAD") }
      completion(.success(missing))
    }
  }

  /// The right at a place, from 1.
  private static func words(_ place: Int, _ rows: [Row]) -> String {
    let all = rows.flatMap { row in row.commands.map { (command: $0, key: row.key) } }
    guard all.indices.contains(place - 1) else { return "right \(place)" }
    let (command, key) = all[place - 1]
    let parts = command.split(separator: " ")
    let isContainer = ["XGROUP", "XINFO", "MEMORY"].contains(parts[0])
    let name = isContainer ? "\(parts[0]) \(parts[1])" : String(parts[0])
    return key.isEmpty ? name : "\(name) \(String(decoding: key, as: UTF8.self))"
  }

  /// ARGV: the scratch mark; key and command of each right. Answers the places of those that are missing, from 1.
  ///
  /// From 7.0 on the server says of each command and key whether it is allowed. Before, each command is tried on the
  /// scratch mark, which is text that none but text commands change, and each key is asked for its type.
  private static let script = """
    local function words(command, key)
      local list = {}
      for word in command:gmatch('%S+') do list[#list + 1] = word == '@' and key or word end
      return list
    end
    local function denied(list)
      local reply = redis.pcall(unpack(list))
      if type(reply) ~= 'table' or not reply.err then return false end
      return reply.err:find('permission') ~= nil or reply.err:find('The user executing') ~= nil
    end
    local missing, commands, touched = {}, {}, {}
    if not redis.acl_check_cmd then redis.pcall('SET', ARGV[1], '', 'PX', '1000') end
    for at = 2, #ARGV, 2 do
      local key, command = ARGV[at], ARGV[at + 1]
      local isMissing
      if redis.acl_check_cmd then
        -- A command that was renamed away raises an error.
        local isKnown, isAllowed = pcall(redis.acl_check_cmd, unpack(words(command, key)))
        isMissing = not (isKnown and isAllowed)
      else
        if commands[command] == nil then commands[command] = denied(words(command, ARGV[1])) end
        if touched[key] == nil then touched[key] = key ~= '' and denied({'TYPE', key}) end
        isMissing = commands[command] or touched[key]
      end
      if isMissing then missing[#missing + 1] = at / 2 end
    end
    if not redis.acl_check_cmd then redis.pcall('DEL', ARGV[1]) end
    return missing
    """
}
