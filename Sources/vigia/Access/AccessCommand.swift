import ArgumentParser
import Glibc
import Redis
import Wire

/// `vigia acl`: users for a Redis that has an access control list.
struct AccessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "acl", abstract: "Print users that may do what each program needs, and no more.",
    subcommands: [Print.self])

  struct Print: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a user with the least rights, for this server's version.",
      discussion: """
        viewer, operator NAME, maintainer NAME (an operator who may also put dead letters back), handler, publisher, \
        runtime, doctor. Put a password in the place of PASSWORD and give the line to redis-cli: \
        vigia acl print viewer | sed s/PASSWORD/…/ | redis-cli. What the server's version leaves open is said on stderr.
        """)

    @Argument(help: ArgumentHelp("Whose rights.", valueName: "role")) var role: String
    @Argument(help: ArgumentHelp("An operator's name: that of the user.", valueName: "name")) var name: String?
    @OptionGroup var redis: RedisOptions
    @Option(
      name: .customLong("for"),
      help: ArgumentHelp(
        "The server's version, such as 6.2, 7.0 or 8.0 (default: the server is asked).", valueName: "N"))
    var version: String?
    @Option(help: ArgumentHelp("The user's name (default: the operator's, or the role).", valueName: "name"))
    var user: String?
    @Option(
      help: ArgumentHelp(
        "A file with the user's password: its SHA-256 is printed in the place of PASSWORD.", valueName: "FILE"))
    var userPasswordFile: String?
    @Flag(help: "As a line of the server's users.acl.") var aclFile = false
    @Option(help: ArgumentHelp("A stream that [[queues]] names, for the handler (several times).", valueName: "key"))
    var queues: [String] = []
    @Option(help: ArgumentHelp("A further stream of events that is read (several times).", valueName: "key"))
    var stream: [String] = []
    @Option(
      help: ArgumentHelp("A further pattern of channels that is listened to (several times).", valueName: "pattern"))
    var channels: [String] = []
    @Flag(help: "A runtime that reads the control stream as a consumer group.") var group = false

    func validate() throws {
      let role = try accessRole()
      guard Self.isName(user ?? role.user) else {
        throw ValidationError("a user's name has 1 to 64 letters, digits and - _ . @")
      }
      for text in queues + stream + channels where !Self.isPattern(text) {
        throw ValidationError(
          "a key or pattern of channels has 1 to 512 visible ASCII characters, and no ( ) or quotes")
      }
      guard queues.isEmpty || role == .handler else { throw ValidationError("--queues goes with handler") }
      guard !group || role == .runtime(readsAsGroup: true) else { throw ValidationError("--group goes with runtime") }
      guard stream.isEmpty && channels.isEmpty || role.looksOn else {
        throw ValidationError("--stream and --channels go with viewer, operator and maintainer")
      }
      if version == nil { _ = try redis.wholeInstallation() } else { _ = try dialect() }
    }

    func run() throws {
      let password = try userPasswordFile.map { try UserPassword.digest(of: $0) }
      if let dialect = try dialect() { return print(dialect, password) }
      try RedisQuery.run(try redis.installation(of: .none)) { query in
        query.ask(ServerIdentity.request) { reply in
          guard let server = ServerIdentity(reply) else {
            return query.session.fail(.failed, "the server does not say its version; say it with --for 6.2, 7.0 or 8.0")
          }
          guard let dialect = server.dialect else {
            return query.session.fail(.failed, "the server is \(server.version); vigia needs Redis 6.2 or newer")
          }
          print(dialect, password)
          query.end()
        }
      }
    }

    private func print(_ dialect: AccessDialect, _ password: String?) {
      guard let role = try? accessRole(), let chosen = try? redis.prefixing.chosen() else { return }
      // One user works with all shards.
      let prefix = (try? redis.prefixing.division())?.pattern ?? chosen
      let table = AccessTable(
        role, Keys(prefix), reads: (queues + stream).map { Array($0.utf8) }, listens: channels.map { Array($0.utf8) },
        usesDatabase: redis.place.database != 0)
      let rules = table.rules(in: dialect).joined(separator: " ")
      let secret = password.map { "#\($0)" } ?? ">PASSWORD"
      let name = user ?? role.user
      Output.line(
        aclFile
          ? "user \(name) on \(secret) resetchannels \(rules)"
          : "ACL SETUSER \(name) reset on \(secret) resetchannels \(rules)")
      for remark in table.remarks(in: dialect) { Output.error("vigia: \(remark)") }
    }

    private func accessRole() throws -> AccessRole {
      let named = try AccessRole(role, name: name, readsAsGroup: group)
      guard let named else {
        throw ValidationError(
          "there is no role \"\(role)\"; there are \(AccessRole.names.joined(separator: ", "))".shown)
      }
      return named
    }

    /// What `--for` says; nil without it.
    private func dialect() throws -> AccessDialect? {
      guard let version else { return nil }
      guard let number = ServerVersion(version), let dialect = AccessDialect(major: number.major, minor: number.minor)
      else { throw ValidationError("--for: write a version from 6.2 on, such as 6.2, 7.0 or 8.0") }
      return dialect
    }

    private static func isName(_ text: String) -> Bool {
      (1...64).contains(text.utf8.count)
        && text.utf8.allSatisfy { byte in
          switch byte {
          case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
          default: "-_.@".utf8.contains(byte)
          }
        }
    }

    private static func isPattern(_ text: String) -> Bool {
      (1...512).contains(text.utf8.count)
        && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"()'\"".utf8.contains($0) }
    }
  }
}

extension AccessRole {
  /// Nil if there is no such role; throws if it needs a name and has none, or the other way round.
  init?(_ word: String, name: String?, readsAsGroup: Bool = false) throws {
    switch word {
    case "operator", "maintainer":
      guard let name else { throw ValidationError("whose? vigia acl print \(word) NAME") }
      self = word == "operator" ? .operator(name) : .maintainer(name)
      return
    case "viewer": self = .viewer
    case "handler": self = .handler
    case "publisher": self = .publisher
    case "runtime": self = .runtime(readsAsGroup: readsAsGroup)
    case "doctor": self = .doctor
    default: return nil
    }
    guard name == nil else { throw ValidationError("\(word) takes no name; --user names the user") }
  }

  /// Whether it follows what a console follows.
  var looksOn: Bool {
    switch self {
    case .viewer, .operator, .maintainer: true
    case .handler, .publisher, .runtime, .doctor: false
    }
  }
}

/// A user's password in a file.
enum UserPassword {
  /// Its SHA-256 as the ACL takes it. The last line break does not count. The message of an error never repeats it.
  static func digest(of path: String) throws -> String {
    var bytes: [UInt8]
    do { bytes = try File.read(path) } catch { throw ValidationError("--user-password-file: \(error)") }
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard (1...512).contains(bytes.count), !bytes.contains(10) else {
      throw ValidationError("--user-password-file: \(path) does not hold one line of 1 to 512 bytes".shown)
    }
    return SHA256.hex(bytes)
  }
}
