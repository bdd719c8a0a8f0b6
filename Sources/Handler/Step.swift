import FleetModel
import Redis
import Wire

/// What one step does to Redis: checks first, and then, where all of them hold, its changes; all in one script.
///
/// It goes to the server as words, so that one script serves every step:
/// ```
/// KEYS   fence, then each key once
/// ARGV   fence, number of checks,
///        a check:  command, place of its key in KEYS (0: none), number of arguments, arguments …, expected reply
///        a change: command, place of its key, number of arguments, arguments …
/// ```
/// A missing value counts as "". The answer is `{0}`, or `{number of the check that failed, what was found}`, or the
/// error `FENCED` where another handler has taken over.
struct Step {
  private var keys: [[UInt8]] = []
  private var checks = EncodedArguments()
  private var checkCount = 0
  private var changes = EncodedArguments()

  /// Whether it would change anything.
  var isEmpty: Bool { changes.count == 0 }

  /// Lets the step go ahead only where a command's reply is what is expected; checks count from 1 in their order.
  mutating func require(_ command: String, _ key: [UInt8], _ arguments: any RequestArgument..., is expected: [UInt8]) {
    append(command, place(key), arguments, to: &checks)
    expected.append(to: &checks)
    checkCount += 1
  }

  /// Lets the step go ahead only if the first value that a command finds under two keys is what is expected.
  mutating func require(_ command: String, _ key: [UInt8], alsoOn other: [UInt8], is expected: [UInt8]) {
    // Both are declared among the keys, by which a cluster finds its node.
    _ = place(other)
    append(command, place(key), [other], to: &checks)
    expected.append(to: &checks)
    checkCount += 1
  }

  /// Adds a change.
  mutating func change(_ command: String, _ key: [UInt8], _ arguments: any RequestArgument...) {
    change(command, key, all: arguments)
  }

  mutating func change(_ command: String, _ key: [UInt8], all arguments: [any RequestArgument]) {
    append(command, place(key), arguments, to: &changes)
  }

  mutating func publish(_ channel: [UInt8], _ payload: [UInt8]) {
    append("PUBLISH", 0, [channel, payload], to: &changes)
  }

  /// Adds an entry with one field `__data__` to a stream.
  mutating func add(to stream: [UInt8], _ payload: [UInt8]) {
    change("XADD", stream, "*", Keys.dataField, payload)
  }

  private func append(
    _ command: String, _ place: Int, _ arguments: [any RequestArgument], to words: inout EncodedArguments
  ) {
    command.append(to: &words)
    place.append(to: &words)
    arguments.count.append(to: &words)
    for argument in arguments { argument.append(to: &words) }
  }

  /// A step has few keys: looking through them is quicker than hashing them.
  private mutating func place(_ key: [UInt8]) -> Int {
    // The fence stands before them.
    if let index = keys.firstIndex(of: key) { return index + 2 }
    keys.append(key)
    return keys.count + 1
  }

  static let script = """
    local stored = redis.call('GET', KEYS[1])
    if stored ~= ARGV[1] then return redis.error_reply('FENCED ' .. (stored or 'no fence')) end
    local at = 3
    local function call()
      local name, place, last = ARGV[at], ARGV[at + 1], at + 2 + ARGV[at + 2]
      local first = at + 3
      at = last + 1
      if place == '0' then return redis.call(name, unpack(ARGV, first, last)) end
      return redis.call(name, KEYS[tonumber(place)], unpack(ARGV, first, last))
    end
    for check = 1, tonumber(ARGV[2]) do
      local found = call()
      if type(found) == 'table' then found = found[1] or found[2] end
      found = found and tostring(found) or ''
      if found ~= ARGV[at] then return {check, found} end
      at = at + 1
    end
    while at <= #ARGV do call() end
    return {0}
    """

  func run(
    _ script: Script, on connection: Connection, fenceKey: [UInt8], fence: Int,
    _ completion: @escaping (StepOutcome) -> Void
  ) {
    var arguments = EncodedArguments(fence, checkCount)
    arguments.append(checks)
    arguments.append(changes)
    script.run(on: connection, keys: [fenceKey] + keys, arguments: arguments) { completion(StepOutcome($0)) }
  }
}

/// What became of a step.
enum StepOutcome {
  case done
  /// A check failed: nothing was changed.
  case refused(check: Int, found: [UInt8])
  /// Another handler has taken over, or the connection is gone: this one must not act any more. What was under way may
  /// or may not have been done.
  case over(String)
  /// The server answered with an error.
  case failed(ServerError)

  init(_ result: Result<Reply, ConnectionFailure>) {
    switch result {
    case .failure(let failure): self = .over(failure.description)
    case .success(.error(let error)): self = error.code == "FENCED" ? .over(error.text) : .failed(error)
    case .success(let reply):
      let check = Int(reply.elements?.first?.integer ?? 0)
      self = check == 0 ? .done : .refused(check: check, found: reply.elements?.last?.bytes ?? [])
    }
  }
}
