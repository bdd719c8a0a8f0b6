import FleetModel
import Glibc
import Loop
import Redis
import Wire

/// A redis-server of a test's own, with blocking calls to set scenes and look at results.
package final class TestServer {
  package private(set) var server: PrivateServer
  package let loop: Loop
  private let begin: (UInt16?) throws -> PrivateServer
  /// Kept for as long as the server goes by it.
  private let clock: SteppedClock?
  private var link: Link?

  /// There is no server where `VIGIA_TEST_REDIS` says.
  package struct NoServer: Error, CustomStringConvertible {
    package let place: String
    package var description: String { "VIGIA_TEST_REDIS: no redis-server that can be executed at \(place)" }
  }

  /// Where redis-server is looked for.
  ///
  /// - Parameter place: what `VIGIA_TEST_REDIS` says: another server, or its folder, to run all that needs one on another
  ///   version. Then no other server will do.
  package static func searchPath(_ place: String?) throws(NoServer) -> String {
    guard let place else { return "/usr/bin:/usr/local/bin" }
    let name = "/redis-server"
    let folder = place.hasSuffix(name) ? String(place.dropLast(name.utf8.count)) : place
    guard PrivateServer.find("redis-server", path: folder) != nil else { throw NoServer(place: place) }
    return folder
  }

  /// Whether the server that tests run on counts the entries ever added to a stream, as from 7.0 on.
  package static let countsEntries: Bool = {
    guard let server = try? TestServer(), (try? server.call("XADD", "s", "*", "f", "v")) != nil else { return true }
    return (try? server.call("XINFO", "STREAM", "s"))?.field("entries-added") != nil
  }()

  /// - Parameters:
  ///   - settings: further lines of its configuration.
  ///   - package: where its program comes from, if it is to be another than the installed one.
  package init(
    persistence: PrivateServer.Persistence = .none, port: UInt16? = nil, password: String? = nil,
    settings: [String] = [], clock: SteppedClock? = nil, package: ServerPackage? = nil
  ) throws {
    let path = try package?.folder ?? Self.searchPath(getenv("VIGIA_TEST_REDIS").map { String(cString: $0) })
    begin = { port in
      try PrivateServer(
        password: password, port: port, persistence: persistence, settings: settings,
        environment: ["PATH": path], variables: clock?.variables ?? [:])
    }
    self.clock = clock
    server = try begin(port)
    loop = try Loop()
  }

  /// Kills it, and starts another on its port; it finds what the one before has kept.
  package func restart() throws {
    link?.stop()
    link = nil
    server.stop()
    server = try begin(server.port)
  }

  package var endpoint: Endpoint { server.endpoint }

  /// Sends one request and waits for its answer.
  package func call(_ arguments: any RequestArgument...) throws -> Reply { try call(all: arguments) }

  package func call(all arguments: [any RequestArgument]) throws -> Reply {
    var answer: Result<Reply, ConnectionFailure>?
    let connection = try connection()
    connection.send(Request(arguments)) { answer = $0 }
    // Outside a turn of the loop nothing else sends it before the turn's wait is over.
    connection.flush()
    try wait { answer != nil }
    return try answer!.get()
  }

  /// Changes one of its settings; before Redis 7.0 several at once are refused.
  package func configure(_ name: String, _ value: any RequestArgument) throws {
    if let error = try call("CONFIG", "SET", name, value).error { throw error }
  }

  /// Lets nobody read the handler's lease.
  package func forbidLease() throws { try forbid("handler") }

  /// Lets clients read all that a console reads but one key, by its name behind the prefix.
  package func forbid(_ key: String) throws {
    let all = [
      "events", "audit", "alerts", "commands", "agent:*", "automation", "proposals", "handler",
      "mark:notices/undelivered", "insight", "insight:changed", "rollup:*", "levels", "budgets", "budgets:groups",
      "queues", "waiting", "waiting:state",
    ]
    let others = all.filter { $0 != key }
    _ = try call("ACL", "SETUSER", "default", "resetkeys")
    for key in others { _ = try call("ACL", "SETUSER", "default", "~agentos:\(key)") }
  }

  /// Sends one request; what it gives tells whether its answer has come.
  package func start(_ arguments: any RequestArgument...) throws -> () -> Bool {
    var isDone = false
    let connection = try connection()
    connection.send(Request(arguments)) { _ in isDone = true }
    connection.flush()
    return { isDone }
  }

  /// Turns the loop until something holds; throws where it does not within a minute.
  ///
  /// - Returns: how long it took in milliseconds, as a ``Stopwatch`` counts.
  @discardableResult
  package func wait(fileID: StaticString = #fileID, line: UInt = #line, _ condition: () -> Bool) throws -> Double {
    try loop.wait(fileID: fileID, line: line, condition)
  }

  private func connection() throws -> Connection {
    if let connection = link?.connection { return connection }
    link?.stop()
    let fresh = Link(loop: loop, endpoint: endpoint) { _ in }
    link = fresh
    fresh.start()
    try wait { fresh.connection != nil }
    return fresh.connection!
  }
}

/// A test waited for something that did not come.
package struct NeverHappened: Error, CustomStringConvertible {
  /// Where it waited: the test is reported by its first line only.
  package let fileID: StaticString
  package let line: UInt

  package var description: String { "what \(fileID):\(line) waits for never happened" }
}

extension Loop {
  /// Turns until something holds; throws where it does not within a limit that no healthy run comes near.
  ///
  /// - Returns: how long it took in milliseconds, as a ``Stopwatch`` counts.
  @discardableResult
  package func wait(
    seconds: Int64 = 120, fileID: StaticString = #fileID, line: UInt = #line, _ condition: () -> Bool
  ) throws -> Double {
    var watch = Stopwatch()
    while !condition() {
      guard watch.look() < Double(seconds) * 1000 else { throw NeverHappened(fileID: fileID, line: line) }
      turn(atMostMilliseconds: 20)
    }
    return watch.look()
  }
}

extension TestServer {
  /// Publishes a message once somebody is subscribed to its channel: a program may draw before it has subscribed.
  package func publish(
    _ channel: String, _ message: String, fileID: StaticString = #fileID, line: UInt = #line
  ) throws {
    try wait(fileID: fileID, line: line) { (try? call("PUBLISH", channel, message))?.integer ?? 0 > 0 }
  }

  /// How often a command has been called, by what the server counts.
  package func callCount(of command: String) throws -> Int64 {
    let text = try call("INFO", "commandstats").text ?? ""
    let line = text.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_\(command):calls=") }
    return line.flatMap { Int64($0.split(separator: "=")[1].prefix { $0.isNumber }) } ?? 0
  }

  /// How many commands the server has carried out, those of scripts included.
  package func callCount() throws -> Int64 {
    let text = try call("INFO", "commandstats").text ?? ""
    return text.split(separator: "\r\n").compactMap { line in
      line.hasPrefix("cmdstat_") ? Int64(line.split(separator: "=")[1].prefix { $0.isNumber }) : nil
    }.reduce(0, +)
  }
}
