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
    var (rate, peak, longest, others) = (Rounds(), Rounds(), Rounds(), Rounds())
    for _ in 0..<max(1, rounds) {
      let result = try feed(seconds: seconds)
      rate.add(result.rate)
      peak.add(result.peak)
      longest.add(result.longestBite)
      others.add(try invent(seconds: seconds))
    }
    report.add("handler, retention, events that came", "events/s", rate)
    report.add(
      "handler, retention, most of \(Self.megabytes) MB allowed", "times", peak, target: .atMost(Self.most))
    report.add("handler, retention, longest bite", "ms", longest, target: .atMost(Self.longest))
    report.add(
      "handler, retention, other keys of invented agents, most of \(Self.otherMegabytes) MB allowed", "times", others,
      target: .atMost(Self.most))
  }

  private struct Result {
    var rate = 0.0
    var peak = 0.0
    var longestBite = 0.0
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
    _ = try server.call("CONFIG", "SET", "slowlog-log-slower-than", 100, "slowlog-max-len", 100_000)
    let handler = try start(server, folder, hasRules: false)
    defer { handler.end() }
    let feeder = try Feeder(Traffic(agents: 1000), port: server.server.port)
    // A tenth of a second's worth, again and again; a little faster, for looking takes time too.
    let some = Int(Self.rate / 10)
    feeder.prepare(0..<some)
    var (count, most) = (0, Int64(0))
    let start = MonotonicTime.now
    while MonotonicTime.now.milliseconds(since: start) < Double(seconds) * 1000 {
      _ = try feeder.run(rate: Self.rate * 1.1, count: some)
      count += some
      most = max(most, try server.call("MEMORY", "USAGE", "agentos:events", "SAMPLES", 0).integer ?? 0)
    }
    let passed = MonotonicTime.now.milliseconds(since: start) / 1000
    return Result(
      rate: Double(count) / passed, peak: Double(most) / Double(Self.megabytes << 20),
      longestBite: try longestBite(server))
  }

  /// The longest that a step of the trimming took the server, in milliseconds: measuring and letting go.
  private func longestBite(_ server: TestServer) throws -> Double {
    let entries = try server.call("SLOWLOG", "GET", 100_000).elements ?? []
    let own = try connectionName(server)
    let longest = entries.compactMap { entry -> Int64? in
      guard let parts = entry.elements, parts.count > 4, let words = parts[3].elements?.compactMap(\.text),
        parts[4].text != own, let first = words.first?.uppercased()
      else { return nil }
      let isTrim = first.hasPrefix("EVAL") && (words.contains("MAXLEN") || words.contains("MINID"))
      let isLook = first == "MEMORY" || first == "XLEN" || first == "SCAN"
      return isTrim || isLook ? parts[2].integer : nil
    }.max()
    return Double(longest ?? 0) / 1000
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
