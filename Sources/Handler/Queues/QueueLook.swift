import FleetModel
import Redis
import Wire

/// One look at a stream of other services: what the server says of its groups.
///
/// A script does it, so that all of it is of one moment and messages stay on the server: only ids and numbers come
/// back. It changes nothing.
/// ```
/// KEYS   none: of a key that is declared a server wants to see the right to write, and reading is enough
/// ARGV   the stream, name of a group or its beginning ("" is all), whether it is a beginning, most groups,
///        most readers, most consumers that are looked at
/// answer length, first id, number of groups left out, groups
/// group  name, consumers, pending, lag, last delivered id, first id not delivered, oldest pending, last read, readers
/// ```
struct QueueLook {
  let settings: QueueSettings

  /// More groups of a stream than this are not looked at.
  static let mostGroups = 32
  /// The consumers of a stream's groups are looked at until they are more than this: the server lists them all at once.
  static let mostConsumers = 1000

  static let script = """
    local stream, prefix, isBeginning = ARGV[1], ARGV[2], ARGV[3] == '1'
    local mostGroups, mostReaders, room = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
    local function call(...)
      local reply = redis.pcall(...)
      if type(reply) == 'table' and reply.err then error({text = reply.err}, 0) end
      return reply
    end
    local function fields(list)
      local found = {}
      for i = 1, #list, 2 do found[list[i]] = list[i + 1] end
      return found
    end
    local function fits(name)
      if prefix == '' then return true end
      if isBeginning then return name:sub(1, #prefix) == prefix end
      return name == prefix
    end
    local function short(name) return name:sub(1, 256) end
    local function firstAfter(start)
      local entries = call('XRANGE', stream, start, '+', 'COUNT', 1)
      return entries[1] and entries[1][1] or ''
    end
    local function readers(group, count)
      if count > room then return -1, {} end
      room = room - count
      local list = {}
      for _, consumer in ipairs(call('XINFO', 'CONSUMERS', stream, group)) do
        local is = fields(consumer)
        -- Since 7.2 a server tells apart when somebody asked and when somebody got something; -1 is never.
        local idle = is.inactive or is.idle
        if idle >= 0 then list[#list + 1] = {short(is.name), is.pending, idle} end
      end
      table.sort(list, function(left, right) return left[3] < right[3] end)
      local first = {}
      for i = 1, math.min(mostReaders, #list) do first[i] = list[i] end
      return list[1] and list[1][3] or -2, first
    end
    local function look()
      local length = call('XLEN', stream)
      local all = call('XINFO', 'GROUPS', stream)
      local groups, leftOut = {}, 0
      for _, entry in ipairs(all) do
        local is = fields(entry)
        if fits(is.name) then
          if #groups >= mostGroups then
            leftOut = leftOut + 1
          else
            local last = is['last-delivered-id']
            local oldest = {}
            if is.pending > 0 then
              oldest = call('XPENDING', stream, is.name, '-', '+', 1)[1] or {}
            end
            local idle, first = -2, {}
            if is.consumers > 0 then idle, first = readers(is.name, is.consumers) end
            local lag = is.lag
            if type(lag) ~= 'number' then lag = -1 end
            groups[#groups + 1] = {
              short(is.name), is.consumers, is.pending, lag, last, firstAfter('(' .. last), oldest, idle, first
            }
          end
        end
      end
      return {length, firstAfter('-'), leftOut, groups}
    end
    local done, answer = pcall(look)
    if done then return answer end
    local text = type(answer) == 'table' and answer.text or tostring(answer)
    text = text:gsub('^@?[%w_]+: ?%d+: ?', ''):gsub('^%-', '')
    if text:find('The user executing') or text:find('ACL failure') then text = 'NOPERM ' .. text end
    return redis.error_reply(text)
    """

  var arguments: EncodedArguments {
    let (name, isBeginning) =
      switch settings.groups {
      case .all: ("", 0)
      case .named(let name): (name, 0)
      case .beginning(let name): (name, 1)
      }
    return EncodedArguments(
      settings.stream, name, isBeginning, Self.mostGroups, QueueStanding.mostReaders, Self.mostConsumers)
  }

  /// What an answer says.
  struct Finding: Equatable {
    var queues: [QueueStanding]
    /// Groups that were not looked at.
    var leftOut = 0
    /// Whether the stream is not there.
    var isGone = false
  }

  /// Reads the script's answer. Times are the server's.
  func finding(_ reply: Reply, at now: Instant) -> Finding {
    if let error = reply.error {
      var finding = Finding(queues: [fault(Self.words(error), at: now)])
      finding.isGone = error.text.contains("no such key")
      return finding
    }
    guard let parts = reply.elements, parts.count == 4, let length = Self.count(parts[0]),
      let groups = parts[3].elements
    else { return Finding(queues: [fault("the server's answer is not understood", at: now)]) }
    let first = parts[1].bytes.flatMap { StreamID($0) }
    var queues = groups.compactMap { group($0, length: length, first: first, at: now) }
    if queues.isEmpty {
      var queue = QueueStanding(stream: settings.stream, group: nil, seenSince: now)
      (queue.length, queue.waiting) = (length, length > 0 ? .entries(length) : .nothing)
      queue.oldestWaiting = first.flatMap { Self.time(of: $0, at: now) }
      queues = [queue]
    }
    return Finding(queues: queues, leftOut: Self.count(parts[2]) ?? 0)
  }

  private func fault(_ words: String, at now: Instant) -> QueueStanding {
    var queue = QueueStanding(stream: settings.stream, group: nil, seenSince: now)
    queue.fault = words.clipped(toBytes: TextBound.words)
    return queue
  }

  private static func words(_ error: ServerError) -> String {
    if error.text.contains("no such key") { return "no such stream" }
    return switch error.code {
    case "WRONGTYPE": "the key holds no stream"
    case "CROSSSLOT": "it is on another node of the cluster than the handler's keys"
    case "NOPERM": "the handler may not read it: grant +xlen +xinfo +xpending +xrange, and %R~ of its key"
    default: "Redis refuses to tell: \(error.text)"
    }
  }

  private func group(_ reply: Reply, length: Int, first: StreamID?, at now: Instant) -> QueueStanding? {
    guard let parts = reply.elements, parts.count == 9, let name = Self.name(parts[0]),
      let consumers = Self.count(parts[1]),
      let pending = Self.count(parts[2]), let lag = parts[3].integer, let idle = parts[7].integer
    else { return nil }
    var queue = QueueStanding(stream: settings.stream, group: name, seenSince: now)
    (queue.length, queue.consumers, queue.pending) = (length, consumers, pending)
    let next = parts[5].bytes.flatMap { StreamID($0) }
    queue.waiting = Self.waiting(next: next, first: first, length: length, lag: lag)
    queue.oldestWaiting = next.flatMap { Self.time(of: $0, at: now) }
    let oldest = parts[6].elements ?? []
    queue.oldestPending = oldest.first?.bytes.flatMap { StreamID($0) }.flatMap { Self.time(of: $0, at: now) }
    queue.deliveries = oldest.count > 3 ? Self.count(oldest[3]) : nil
    queue.lastRead = idle < 0 ? nil : now - .milliseconds(idle)
    queue.readers = (parts[8].elements ?? []).compactMap(Self.reader)
    queue.hidesReaders = idle == -1
    return queue
  }

  /// How much waits. Where the first entry of the stream is the next to be read, all of it does, whatever the server counts:
  /// it also counts what was trimmed before it was read.
  private static func waiting(
    next: StreamID?, first: StreamID?, length: Int, lag: Int64
  ) -> QueueStanding.Waiting {
    guard let next else { return .nothing }
    if next == first { return .entries(max(1, length)) }
    return lag > 0 ? .entries(min(Int(lag), max(1, length))) : .some
  }

  private static func reader(_ reply: Reply) -> QueueStanding.Reader? {
    guard let parts = reply.elements, parts.count == 3, let name = name(parts[0]), let pending = count(parts[1]),
      let idle = count(parts[2])
    else { return nil }
    return QueueStanding.Reader(name: name, pending: pending, idle: .milliseconds(Int64(idle)))
  }

  /// When an entry was added; nil if its id is no time: whoever adds may choose ids.
  private static func time(of id: StreamID, at now: Instant) -> Instant? {
    let time = id.instant
    return time > firstTime && time <= now + .minutes(1) ? time.noLater(than: now) : nil
  }

  /// 2001-09-09: no entry with the server's own id is older.
  private static let firstTime = Instant(milliseconds: 1_000_000_000_000)

  /// As it is stored: a letter that the script has cut would take more bytes.
  private static func name(_ reply: Reply) -> String? { reply.text?.clipped(toBytes: QueueSettings.longestName) }

  private static func count(_ reply: Reply) -> Int? { reply.integer.map { max(0, Bounded.int($0)) } }
}
