import Glibc
import Loop
import Redis
import TestSupport
import Wire

/// How well the handler keeps what it writes to Redis within its bounds while events come fast, and for how long its
/// trimming holds the server up, by the server's own slow log.
struct RetentionBench {
  let report: Report
  /// Events a second.
  private static let rate = 17_000.0
  private static let megabytes = 64
  private static let otherMegabytes = 32
  /// Of the bound.
  private static let most = 1.1
  /// Milliseconds.
  private static let longest = 5.0

  /// - Parameter seconds: for how long events come, each round.
  func measure(rounds: Int, seconds: Int) throws {
    var (rate, peak, bite, look, other, others) = (Rounds(), Rounds(), Rounds(), Rounds(), Rounds(), Rounds())
    for _ in 0..<max(1, rounds) {
      let result = try feed(seconds: seconds)
      rate.add(result.rate)
      peak.add(result.peak)
      bite.add(result.longest.bite)
      look.add(result.longest.look)
      other.add(result.longest.other)
      others.add(try invent(seconds: seconds))
    }
    report.add("handler, retention, events that came", "events/s", rate, target: .atLeast(Self.rate))
    report.add(
      "handler, retention, most of \(Self.megabytes) MB allowed", "times", peak, target: .atMost(Self.most))
    report.add("handler, retention, longest bite", "ms", bite, target: .atMost(Self.longest))
    report.add("handler, retention, longest look", "ms", look, target: .atMost(Self.longest))
    // What the machine did to the server meanwhile shows in what is no trimming at all.
    report.add("handler, retention, longest of all else", "ms", other)
    report.add(
      "handler, retention, other keys of invented agents, most of \(Self.otherMegabytes) MB allowed", "times", others,
      target: .atMost(Self.most))
  }

  private struct Result {
    var rate = 0.0
    var peak = 0.0
    var longest = Longest()
  }

  /// The longest that the server was held up, in milliseconds.
  private struct Longest {
    /// By letting go of entries.
    var bite = 0.0
    /// By measuring a stream or looking for keys.
    var look = 0.0
    /// By anything else.
    var other = 0.0
  }

  /// Starts a handler, and waits until it has its lease.
  private func start(_ server: TestServer, _ folder: TemporaryFolder, hasRules: Bool) throws -> Child {
    let settings = try folder.write(
      "[retention]\nbytes = \"\(Self.megabytes)MB\"\nother_bytes = \"\(Self.otherMegabytes)MB\"\n", to: "handler.toml")
    let handler = try Programs.startHandler(server.server.port, hasRules: hasRules, settings: settings)
    try server.wait { !((try? server.call("GET", "agentos:handler"))?.isNull ?? true) }
    return handler
  }

  // MARK: The stream of events

  private func feed(seconds: Int) throws -> Result {
    let (server, folder) = (try TestServer(), try TemporaryFolder())
    try server.configure("slowlog-log-slower-than", 100)
    try server.configure("slowlog-max-len", 100_000)
    let handler = try start(server, folder, hasRules: false)
    defer { handler.end() }
    let feeder = try Feeder(Traffic(agents: 1000), port: server.server.port)
    let most = Int(Self.rate / 10)
    feeder.prepare(0..<most)
    var (count, largest, looked) = (0, Int64(0), MonotonicTime.now)
    let start = MonotonicTime.now
    while case let passed = MonotonicTime.now.milliseconds(since: start), passed < Double(seconds) * 1000 {
      // By the time that has passed: what a look or a busy machine holds up comes after it.
      let due = min(most, Int(passed / 1000 * Self.rate * 1.01) - count)
      if due > 0 { try feeder.send(first: due) }
      count += max(0, due)
      usleep(1000)
      guard MonotonicTime.now.milliseconds(since: looked) > 100 else { continue }
      largest = max(largest, try server.call("MEMORY", "USAGE", "agentos:events", "SAMPLES", 0).integer ?? 0)
      looked = .now
    }
    let passed = MonotonicTime.now.milliseconds(since: start) / 1000
    return Result(
      rate: Double(count) / passed, peak: Double(largest) / Double(Self.megabytes << 20), longest: try longest(server))
  }

  /// What held the server up the longest, by its own slow log.
  private func longest(_ server: TestServer) throws -> Longest {
    let entries = try server.call("SLOWLOG", "GET", 100_000).elements ?? []
    let own = try connectionName(server)
    var longest = Longest()
    for entry in entries {
      guard let parts = entry.elements, parts.count > 4, let words = parts[3].elements?.compactMap(\.text),
        parts[4].text != own, let first = words.first?.uppercased(), let microseconds = parts[2].integer
      else { continue }
      let milliseconds = Double(microseconds) / 1000
      let isTrim = first.hasPrefix("EVAL") && (words.contains("MAXLEN") || words.contains("MINID"))
      let part: WritableKeyPath<Longest, Double> =
        isTrim ? \.bite : first == "MEMORY" || first == "XLEN" || first == "SCAN" ? \.look : \.other
      longest[keyPath: part] = max(longest[keyPath: part], milliseconds)
    }
    return longest
  }

  /// The address of the connection that this asks by.
  private func connectionName(_ server: TestServer) throws -> String {
    let text = try server.call("CLIENT", "INFO").text ?? ""
    return text.split(separator: " ").first { $0.hasPrefix("addr=") }.map { String($0.dropFirst(5)) } ?? ""
  }

  // MARK: The other keys

  /// Has events of ever new agents in trouble come, each of which rules remember.
  ///
  /// - Returns: how much of what is allowed the other keys took at the most.
  private func invent(seconds: Int) throws -> Double {
    let (server, folder) = (try TestServer(), try TemporaryFolder())
    _ = try server.call("SET", "agentos:automation", "on")
    let handler = try start(server, folder, hasRules: true)
    defer { handler.end() }
    var traffic = Traffic(agents: .max)
    traffic.isTrouble = true
    let feeder = try Feeder(traffic, port: server.server.port)
    let some = Int(Self.rate / 10)
    var (count, most, looked) = (0, Int64(0), MonotonicTime.now)
    let start = MonotonicTime.now
    while MonotonicTime.now.milliseconds(since: start) < Double(seconds) * 1000 {
      feeder.prepare(count..<count + some)
      _ = try feeder.run(rate: Self.rate * 1.1, count: some)
      count += some
      guard MonotonicTime.now.milliseconds(since: looked) > 2000 else { continue }
      most = max(most, try server.call("EVAL", Self.sum, 0).integer ?? 0)
      looked = .now
    }
    most = max(most, try server.call("EVAL", Self.sum, 0).integer ?? 0)
    return Double(most) / Double(Self.otherMegabytes << 20)
  }

  /// What all keys take but the streams.
  private static let sum = """
    local sum = 0
    for _, key in ipairs(redis.call('KEYS', 'agentos:*')) do
      if redis.call('TYPE', key).ok ~= 'stream' then
        sum = sum + (redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 20) or 0)
      end
    end
    return sum
    """
}
