import CLinux
import Glibc
import Loop
import Synchronization

/// A redis-server of our own on loopback: a free port, a password if wanted, and no file left behind.
///
/// It dies with this process, `kill -9` included, or when it is let go. For the demo, benchmarks and tests.
package final class PrivateServer {
  /// What the server keeps.
  package enum Persistence: Sendable {
    case none
    /// Every write is in the append-only file, in this folder, before it is answered.
    case appendOnly(folder: String)
  }

  package enum Failure: Error, CustomStringConvertible {
    case notInstalled
    case system(SystemError)
    /// It ended, or did not answer in time.
    case notServing(port: UInt16)

    package var description: String {
      switch self {
      case .notInstalled: "redis-server is not in PATH; install it (Debian: apt-get install redis-server)"
      case .system(let error): error.description
      case .notServing(let port): "redis-server did not begin to serve on 127.0.0.1:\(port)"
      }
    }
  }

  package let endpoint: Endpoint
  package let port: UInt16
  private let child: Child

  /// Starts a server and waits until it answers.
  ///
  /// - Parameters:
  ///   - port: a free one if none is named.
  ///   - settings: further lines of its configuration.
  ///   - environment: where it is looked for.
  ///   - variables: what it has in its own environment.
  package init(
    password: String? = nil, port: UInt16? = nil, persistence: Persistence = .none, settings: [String] = [],
    environment: [String: String], variables: [String: String] = [:]
  ) throws(Failure) {
    guard let program = Self.find("redis-server", path: environment["PATH"] ?? "/usr/bin:/usr/local/bin") else {
      throw .notInstalled
    }
    // Somebody may take a free port before the server does: then another one is tried.
    for attempt in 1...3 {
      let candidate = port ?? Self.freePort()
      let lines = Self.configuration(port: candidate, password: password, persistence: persistence) + settings
      let started = try Self.start(program, configuration: lines, variables: variables)
      guard Self.waitUntilServing(started, port: candidate) else {
        if port == nil, attempt < 3 { continue }
        throw .notServing(port: candidate)
      }
      self.port = candidate
      endpoint = Endpoint(address: .tcp(host: "127.0.0.1", port: candidate), password: password)
      child = started
      return
    }
    throw .notServing(port: 0)
  }

  private static func start(
    _ program: String, configuration: [String], variables: [String: String]
  ) throws(Failure) -> Child {
    do throws(SystemError) {
      // By stdin, so that the password stands in no list of processes and in no file.
      let input = try pipe(holding: configuration.joined(separator: "\n") + "\n")
      defer { close(input) }
      let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
      defer { close(null) }
      return try Child(program, ["-"], environment: variables, input: input, output: null, error: null)
    } catch {
      throw .system(error)
    }
  }

  package var pid: pid_t { child.pid }

  package var isRunning: Bool { child.isRunning }

  /// Ends it; SIGKILL is how a crash looks.
  package func stop(_ signal: Int32 = SIGKILL) { child.end(signal) }

  package func signal(_ signal: Int32) { child.signal(signal) }

  private static func configuration(port: UInt16, password: String?, persistence: Persistence) -> [String] {
    var lines = ["port \(port)", "bind 127.0.0.1", "daemonize no", "save \"\"", "loglevel warning", "logfile \"\""]
    if let password { lines.append("requirepass \(password)") }
    switch persistence {
    case .none:
      // What a replica was sent by its primary must not lie where the next server would load it.
      lines += ["appendonly no", "dir /tmp", "dbfilename vigia-\(port).rdb", "rdb-del-sync-files yes"]
    case .appendOnly(let folder): lines += ["appendonly yes", "appendfsync always", "dir \(folder)"]
    }
    return lines
  }

  /// The first file of a name in a search path that can be executed.
  package static func find(_ program: String, path: String) -> String? {
    path.split(separator: ":").map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
  }

  private static func pipe(holding text: String) throws(SystemError) -> Int32 {
    var ends: [Int32] = [0, 0]
    guard Glibc.pipe(&ends) == 0 else { throw SystemError("open a pipe") }
    for end in ends { vigia_set_close_on_exec(end) }
    _ = text.withCString { write(ends[1], $0, strlen($0)) }
    close(ends[1])
    return ends[0]
  }

  /// Closed on exec: a child started at the same moment by another thread would otherwise hold the port.
  private static let socketType = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

  /// A port that nobody listened on a moment ago, and that this process was not given before: whoever closes one to open
  /// it again, or kills a server to start it anew, finds it free.
  ///
  /// It lies below the range that outgoing connections get theirs from: one of those could otherwise take it while the
  /// server is away, or even connect to itself. The second port of a cluster's node, ten thousand above, lies between.
  package static func freePort() -> UInt16 {
    while true {
      let port = UInt16(12_000 + lastPort.wrappingAdd(1, ordering: .relaxed).newValue % 10_000)
      let descriptor = socket(AF_INET, socketType, 0)
      defer { close(descriptor) }
      if withLoopback(port: port, { bind(descriptor, $0, $1) }) == 0 { return port }
    }
  }

  private static let lastPort = Atomic(UInt.random(in: 0..<10_000))

  /// Waits until it answers: a server that takes connections may still be opening its other ports, such as that of TLS.
  private static func waitUntilServing(_ child: Child, port: UInt16) -> Bool {
    for _ in 0..<1000 where child.isRunning {
      if answers(port: port) { return true }
      usleep(5000)
    }
    return false
  }

  /// Whatever it answers: it may ask for a password, or still load what it kept.
  private static func answers(port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, socketType, 0)
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 1, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    guard withLoopback(port: port, { connect(descriptor, $0, $1) }) == 0 else { return false }
    let question = "PING\r\n"
    let flags = Int32(MSG_NOSIGNAL)
    guard question.withCString({ Glibc.send(descriptor, $0, strlen($0), flags) }) > 0 else { return false }
    var first: UInt8 = 0
    return recv(descriptor, &first, 1, 0) == 1
  }

  /// Calls `body` with the address of a port on 127.0.0.1.
  package static func withLoopback<Result>(
    port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
