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
  private var places: [[UInt8]: Int] = [:]
  private var checks: [[UInt8]] = []
  private var checkCount = 0
  private var changes: [[UInt8]] = []

  /// Whether it would change anything.
  var isEmpty: Bool { changes.isEmpty }

  /// Lets the step go ahead only where a command's reply is what is expected; checks count from 1 in their order.
  mutating func require(_ command: String, _ key: [UInt8], _ arguments: any RequestArgument..., is expected: [UInt8]) {
    checks += words(command, key, arguments) + [expected]
    checkCount += 1
  }

  /// Adds a change.
  mutating func change(_ command: String, _ key: [UInt8], _ arguments: any RequestArgument...) {
    changes += words(command, key, arguments)
  }

  mutating func change(_ command: String, _ key: [UInt8], all arguments: [[UInt8]]) {
    changes += words(command, key, arguments)
  }

  mutating func publish(_ channel: [UInt8], _ payload: [UInt8]) {
    changes += words("PUBLISH", nil, [channel, payload])
  }

  /// Adds an entry with one field `__data__` to a stream.
  mutating func add(to stream: [UInt8], _ payload: [UInt8]) {
    change("XADD", stream, "*", Keys.dataField, payload)
  }

  private mutating func words(_ command: String, _ key: [UInt8]?, _ arguments: [any RequestArgument]) -> [[UInt8]] {
    [Array(command.utf8), place(key).requestBytes, arguments.count.requestBytes] + arguments.map(\.requestBytes)
  }

  private mutating func place(_ key: [UInt8]?) -> Int {
    guard let key else { return 0 }
    if let place = places[key] { return place }
    keys.append(key)
    // The fence stands before them.
    places[key] = keys.count + 1
    return keys.count + 1
  }

  static let script = """
    local stored = redis.call('GET', KEYS[1])
    if stored ~= ARGV[1] then return redis.error_reply('FENCED ' .. (stored or 'no fence')) end
    local at = 3
    local function call()
      local words = {ARGV[at]}
      if ARGV[at + 1] ~= '0' then words[2] = KEYS[tonumber(ARGV[at + 1])] end
      local count = tonumber(ARGV[at + 2])
      for place = at + 3, at + 2 + count do words[#words + 1] = ARGV[place] end
      at = at + 3 + count
      return redis.call(unpack(words))
    end
    for check = 1, tonumber(ARGV[2]) do
      local found = call()
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
    let arguments = [fence.requestBytes, checkCount.requestBytes] + checks + changes
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
