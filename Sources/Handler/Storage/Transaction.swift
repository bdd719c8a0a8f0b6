import FleetModel
import Loop
import Redis
import Wire

/// What one transaction does to Redis: checks first, and then, if all of them hold, its changes; all in one script.
///
/// It goes to the server as words, so that one script serves every transaction:
/// ```
/// KEYS   fence, then each key once
/// ARGV   fence, number of checks, number of changes,
///        a check:  command, place of its key in KEYS (0: none), number of arguments, arguments …, expected reply
///        a change: command, place of its key, number of arguments, arguments …; entries of streams first
///        what is optional, written like a change
/// ```
/// A missing value counts as "". The answer is `{0}` and a text for each optional part that was refused, or `{number of
/// the check that failed, what was found}`, or the error `FENCED` if another handler has taken over, or the error of
/// Redis with the command and key.
///
/// Redis keeps what a script wrote before an error. So the script looks first for all that could stop it half-way: the
/// type of every key that it changes, and the right to each command. Entries of streams come before other changes: a
/// stream can be out of ids, and an entry can be taken back.
struct Transaction {
  private var keys: [[UInt8]] = []
  /// Where each key stands, once there are many.
  private var places: [Key: Int] = [:]
  private var checks = EncodedArguments()
  /// What each check that fails means, in their order.
  private var conflicts: [Conflict] = []
  /// Entries of streams, which come before the other changes.
  private var entries = EncodedArguments()
  private var changes = EncodedArguments()
  private var changeCount = 0
  private var optional = EncodedArguments()
  /// What it counts for once it stands.
  private(set) var counts = TransactionCounts()

  /// How long its words are, in bytes.
  var byteCount: Int { checks.bytes.count + entries.bytes.count + changes.bytes.count + optional.bytes.count }

  /// Whether it would change anything.
  var isEmpty: Bool { changeCount == 0 && optional.count == 0 }

  /// Lets the transaction go ahead only if a command's reply is what is expected.
  mutating func require(
    _ command: String, _ key: [UInt8], _ arguments: any RequestArgument..., is expected: [UInt8],
    else conflict: Conflict = .changed
  ) {
    Self.append(command, place(key), arguments, to: &checks)
    expected.append(to: &checks)
    conflicts.append(conflict)
  }

  /// Lets the transaction go ahead only if the first value that a command finds under two keys is what is expected.
  mutating func require(_ command: String, _ key: [UInt8], alsoOn other: [UInt8], is expected: [UInt8]) {
    // Both are declared among the keys, by which a cluster finds its node.
    _ = place(other)
    Self.append(command, place(key), [other], to: &checks)
    expected.append(to: &checks)
    conflicts.append(.changed)
  }

  /// Adds a change.
  mutating func change(_ command: String, _ key: [UInt8], _ arguments: any RequestArgument...) {
    change(command, key, all: arguments)
  }

  mutating func change(_ command: String, _ key: [UInt8], all arguments: [any RequestArgument]) {
    let place = place(key)
    if command == "XADD" {
      Self.append(command, place, arguments, to: &entries)
    } else {
      Self.append(command, place, arguments, to: &changes)
    }
    changeCount += 1
  }

  /// Adds a change whose arguments are encoded already.
  mutating func change(_ command: String, _ key: [UInt8], encoded arguments: EncodedArguments) {
    command.append(to: &changes)
    place(key).append(to: &changes)
    arguments.count.append(to: &changes)
    changes.append(arguments)
    changeCount += 1
  }

  /// Says that alerts are others than before: consoles read them anew by that.
  mutating func noteAlerts(_ keys: Keys) { note(Keys.alertsRevision, keys) }

  /// The same of conversations that wait for a person.
  mutating func noteWaiting(_ keys: Keys) { note(Keys.waitingRevision, keys) }

  /// The same of windows of maintenance.
  mutating func noteMaintenance(_ keys: Keys) { note(Keys.maintenanceRevision, keys) }

  private mutating func note(_ revision: [UInt8], _ keys: Keys) {
    change("HSET", keys.cursor, revision, String(MachineRandom.number(in: UInt64.min ... .max), radix: 36))
  }

  /// Adds a change that the transaction does without if Redis refuses it, as of a counter whose key has another type:
  /// what was left out is said in the log.
  mutating func attempt(_ command: String, _ key: [UInt8], _ arguments: any RequestArgument...) {
    Self.append(command, place(key), arguments, to: &optional)
  }

  /// Publishes, last of all and if it may: whoever hears a channel reads a stream besides.
  mutating func publish(_ channel: [UInt8], _ payload: [UInt8]) {
    Self.append("PUBLISH", 0, [channel, payload], to: &optional)
  }

  /// Adds an entry with one field `__data__` to a stream.
  mutating func add(to stream: [UInt8], _ payload: [UInt8]) {
    change("XADD", stream, "*", Keys.dataField, payload)
  }

  /// Adds a line of the audit.
  mutating func add(_ line: AuditLine, _ keys: Keys) {
    add(to: keys.audit, AuditCoding.encode(line))
    counts.note(line)
  }

  /// Takes note of what rules decided.
  mutating func noteDecisions(_ decisions: [String: Int]) { counts.decisions = decisions }

  /// Takes note of what becomes of a conversation that waited for a person.
  mutating func note(_ outcome: WaitingOutcome) { counts.note(outcome) }

  /// Takes note that it puts something aside.
  mutating func noteDeadLetter(from source: [UInt8]) { counts.noteDeadLetter(from: source) }

  /// Static: a call on the transaction itself would hold a copy of the words, and each change would copy all before it.
  private static func append(
    _ command: String, _ place: Int, _ arguments: [any RequestArgument], to words: inout EncodedArguments
  ) {
    command.append(to: &words)
    place.append(to: &words)
    arguments.count.append(to: &words)
    for argument in arguments { argument.append(to: &words) }
  }

  /// The place of a key in KEYS, behind the fence. Most transactions have few: looking through them is quicker than
  /// hashing them.
  private mutating func place(_ key: [UInt8]) -> Int {
    if keys.count < Self.fewKeys {
      if let index = keys.firstIndex(of: key) { return index + 2 }
    } else {
      if places.isEmpty { for (index, key) in keys.enumerated() { places[Key(bytes: key)] = index } }
      if let index = places[Key(bytes: key)] { return index + 2 }
      places[Key(bytes: key)] = keys.count
    }
    keys.append(key)
    return keys.count + 1
  }

  private static let fewKeys = 16

  /// Hashed by all of its bytes at once.
  private struct Key: Hashable {
    var bytes: [UInt8]
    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
  }

  static let script = """
    local stored = redis.call('GET', KEYS[1])
    if stored ~= ARGV[1] then return redis.error_reply('FENCED ' .. (stored or 'no fence')) end
    local at = 4
    local function take()
      local name, place, first = ARGV[at], tonumber(ARGV[at + 1]), at + 3
      local last = at + 2 + ARGV[at + 2]
      at = last + 1
      return name, KEYS[place], first, last
    end
    local function call(name, key, first, last)
      if key then return redis.pcall(name, key, unpack(ARGV, first, last)) end
      return redis.pcall(name, unpack(ARGV, first, last))
    end
    local function words(reply, name, subject)
      local text = reply.err:gsub('^@?[%w_]+: ?%d+: ?', ''):gsub('^%-', '')
      if text:find('The user executing') or text:find('ACL failure') then text = 'NOPERM ' .. text:gsub('^ERR ', '') end
      return text .. ' (' .. name .. ' ' .. subject .. ')'
    end
    local function failed(reply) return type(reply) == 'table' and reply.err end
    for check = 1, tonumber(ARGV[2]) do
      local name, key, first, last = take()
      local found = call(name, key, first, last)
      if failed(found) then return redis.error_reply(words(found, name, key or '')) end
      if type(found) == 'table' then found = found[1] or found[2] end
      found = found and tostring(found) or ''
      if found ~= ARGV[at] then return {check, found} end
      at = at + 1
    end
    local kinds = {H = 'hash', Z = 'zset', X = 'stream', SADD = 'set', SREM = 'set'}
    local looked, tried, changes = {}, {}, at
    local function allowed(name, key, first, last)
      if redis.acl_check_cmd then return redis.acl_check_cmd(name, key) end
      -- An older server tells it only by an attempt: the fence is text, so that none of these changes anything.
      if tried[name] == nil then
        local reply
        if name == 'SET' then
          reply = redis.pcall(name, KEYS[1], '?', '?')
        elseif name == 'PEXPIRE' then
          -- With a word more the server would complain of that, and never come to the permission.
          reply = redis.pcall(name, KEYS[1], '?')
        elseif name == 'DEL' then
          reply = redis.pcall(name, KEYS[1] .. ':none')
        else
          reply = redis.pcall(name, KEYS[1], unpack(ARGV, first, last))
        end
        tried[name] = not (failed(reply) and words(reply, '', ''):find('^NOPERM'))
      end
      return tried[name]
    end
    for _ = 1, tonumber(ARGV[3]) do
      local name, key, first, last = take()
      if not allowed(name, key, first, last) then
        return redis.error_reply('NOPERM no permission (' .. name .. ' ' .. key .. ')')
      end
      local kind = kinds[name] or kinds[name:sub(1, 1)]
      if kind then
        local is = looked[key]
        if not is then
          local reply = redis.pcall('TYPE', key)
          if failed(reply) then return redis.error_reply(words(reply, 'TYPE', key)) end
          is = reply.ok
          looked[key] = is
        end
        if is ~= kind and is ~= 'none' then
          return redis.error_reply('WRONGTYPE the key holds a ' .. is .. ' (' .. name .. ' ' .. key .. ')')
        end
      end
    end
    at = changes
    local added = {}
    for _ = 1, tonumber(ARGV[3]) do
      local name, key, first, last = take()
      local reply = call(name, key, first, last)
      if failed(reply) then
        if name == 'XADD' then
          for _, entry in ipairs(added) do redis.pcall('XDEL', entry[1], entry[2]) end
        end
        return redis.error_reply(words(reply, name, key))
      end
      if name == 'XADD' then added[#added + 1] = {key, reply} end
    end
    local answer = {0}
    while at <= #ARGV do
      local name, key, first, last = take()
      local reply = call(name, key, first, last)
      if failed(reply) then answer[#answer + 1] = words(reply, name, key or ARGV[first]) end
    end
    return answer
    """

  /// - Parameter completion: gets the outcome, and what Redis refused of the optional parts.
  func run(
    _ script: Script, on connection: Connection, fenceKey: [UInt8], fence: Int,
    _ completion: @escaping (TransactionOutcome, _ leftOut: [String]) -> Void
  ) {
    var arguments = EncodedArguments(fence, conflicts.count, changeCount)
    arguments.append(checks)
    arguments.append(entries)
    arguments.append(changes)
    arguments.append(optional)
    script.run(on: connection, keys: [fenceKey] + keys, arguments: arguments) { result in
      let outcome = TransactionOutcome(result, conflicts)
      guard case .done = outcome, case .success(let reply) = result else { return completion(outcome, []) }
      completion(outcome, reply.elements?.dropFirst().compactMap(\.text) ?? [])
    }
  }
}
