import FleetModel
import Loop
import Redis
import TestSupport
import Testing
import Wire

/// A server whose users are those that `vigia acl print` prints.
final class AccessScene {
  /// Which server: the installed one, or one of a package.
  enum Kind: CaseIterable, CustomStringConvertible {
    case installed, redis6, redis8, valkey9

    var description: String {
      switch self {
      case .installed: "the installed Redis"
      case .redis6: "Redis 6.2"
      case .redis8: "Redis 8.2"
      case .valkey9: "Valkey 9"
      }
    }

    func package() throws -> ServerPackage? {
      do {
        return switch self {
        case .installed: nil
        case .redis6: try ServerPackage(.redis6)
        case .redis8: try ServerPackage(.redis8)
        case .valkey9: try ServerPackage(.valkey9)
        }
      } catch let reason as PythonEnvironment.Unavailable {
        try Test.cancel("\(reason)")
      }
    }
  }

  let server: TestServer
  let prefix: String
  let keys: Keys
  /// Before 7.0.
  let isOld: Bool
  private let package: ServerPackage?

  init(_ kind: Kind = .installed, prefix: String = "{fleet}") throws {
    package = try kind.package()
    server = try TestServer(package: package)
    self.prefix = prefix
    keys = Keys(try KeyPrefix(prefix))
    isOld = try server.call("ACL", "DRYRUN", "default", "PING").error != nil
  }

  /// Prints a user and makes it; gives its address.
  func make(_ arguments: String...) throws -> String {
    let words = try rules(arguments)
    let reply = try server.call(all: words)
    guard reply.error == nil else { throw Refused(description: "\(arguments): \(reply)") }
    return url(words[2])
  }

  /// The words of `ACL SETUSER`, as they are printed.
  func rules(_ arguments: [String]) throws -> [String] {
    let printed = try Program(["acl", "print"] + arguments + ["--prefix", prefix], on: server.endpoint).finish()
    guard printed.status == 0 else { throw Refused(description: "\(arguments): \(printed)") }
    return printed.output.dropLast().split(separator: " ").map { $0 == ">PASSWORD" ? ">secret" : String($0) }
  }

  func url(_ user: String) -> String { "redis://\(user):secret@127.0.0.1:\(server.server.port)" }

  /// Runs a tool as a user.
  func run(_ url: String, _ arguments: String...) throws -> Program.Result { try run(url, arguments) }

  func run(_ url: String, _ arguments: [String]) throws -> Program.Result {
    try Program(arguments, environment: ["VIGIA_REDIS": url, "VIGIA_PREFIX": prefix]).finish()
  }

  /// What was denied since the last look: who, and what.
  func denials() throws -> [String] {
    let log = try server.call("ACL", "LOG").elements ?? []
    _ = try server.call("ACL", "LOG", "RESET")
    return log.map { entry in
      ["username", "reason", "object"].compactMap { entry.field($0)?.text }.joined(separator: " ")
    }
  }

  struct Refused: Error, CustomStringConvertible {
    var description: String
  }
}

/// A connection of a user's own.
final class UserClient {
  private let loop: Loop
  private let link: Link

  init(_ loop: Loop, _ url: String) throws {
    self.loop = loop
    link = Link(loop: loop, endpoint: try Endpoint(url: url)) { _ in }
    link.start()
    try loop.wait { [link] in link.connection != nil }
  }

  deinit { link.stop() }

  func call(_ arguments: [any RequestArgument]) throws -> Reply {
    var answer: Result<Reply, ConnectionFailure>?
    link.connection?.send(Request(arguments)) { answer = $0 }
    link.connection?.flush()
    try loop.wait { answer != nil }
    return try answer!.get()
  }
}

extension AccessScene {
  /// Every command that writes, by what the server says of itself, with so many arguments as it takes.
  private func writes() throws -> [(name: String, count: Int)] {
    let names = try server.call("ACL", "CAT", "write").elements?.compactMap(\.text) ?? []
    return try names.map { name in
      let parent = name.split(separator: "|").first.map(String.init) ?? name
      let info = try server.call("COMMAND", "INFO", parent).elements?.first?.elements
      let arity = info.flatMap { $0.count > 1 ? $0[1].integer : nil }.map { Int($0) } ?? -2
      return (name, max(abs(arity) - 1, 1))
    }
  }

  /// Every key of the installation, one of each sort.
  private var everyKey: [[UInt8]] {
    keys.boundedStreams
      + [
        keys.alerts, keys.schedule, keys.blocked, keys.proposals, keys.profiles, keys.insight, keys.insightChanged,
        keys.insightRecord, keys.levels, keys.budgets, keys.budgetGroups, keys.queues, keys.waiting,
        keys.waitingState, keys.handoffs, keys.maintenance, keys.tuning, keys.load, keys.notices, keys.lease,
        keys.fence, keys.cursor, keys.automation, keys.commands(of: "ada"), keys.commands(of: "eve"),
        keys.agent("a-1"), keys.mark("x"), keys.rollup("a-1", hour: 1),
      ]
  }

  /// What a user may write, of all commands that write and all keys that there are: `xadd commands`.
  func writable(_ url: String) throws -> Set<String> {
    let client = try UserClient(server.loop, url)
    var found: Set<String> = []
    for (name, count) in try writes() {
      let words = name.split(separator: "|").map(String.init)
      for key in everyKey {
        // An id that the server refuses once it has looked at the rights.
        let added: [any RequestArgument] = ["XADD", key, "0-0", "f", "v"]
        func request(_ count: Int) -> [any RequestArgument] {
          name == "xadd"
            ? added : words.map { $0 as any RequestArgument } + [any RequestArgument](repeating: key, count: count)
        }
        var reply = try client.call(request(count))
        // Of subcommands the server tells no number of arguments, and it looks at that number first.
        for count in 0...8 where reply.error?.text.contains("wrong number of arguments") == true {
          reply = try client.call(request(count))
        }
        if reply.error?.code != "NOPERM" {
          found.insert("\(name) \(String(decoding: key.dropFirst(prefix.utf8.count + 1), as: UTF8.self))")
        }
      }
    }
    return found
  }
}
