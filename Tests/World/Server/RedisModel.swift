import Redis
import Wire

/// A model of the part of Redis 7 that vigia uses: a keyspace, and commands on it one after the other.
///
/// A value without clock or socket: `microseconds` is what its clock shows. What blocks and what is published is the
/// business of ``SimulatedServer``.
package struct RedisModel {
  /// A value of one of the types that Redis has.
  enum Value: Equatable {
    case string(Bytes)
    case hash(Table)
    case set(Table)
    case sortedSet(SortedSet)
    case stream(StoredStream)

    var kind: String {
      switch self {
      case .string: "string"
      case .hash: "hash"
      case .set: "set"
      case .sortedSet: "zset"
      case .stream: "stream"
      }
    }

    /// Redis removes a key whose last member is gone; streams stay.
    var isEmpty: Bool {
      switch self {
      case .string, .stream: false
      case .hash(let table), .set(let table): table.count == 0
      case .sortedSet(let set): set.count == 0
      }
    }
  }

  struct Key: Equatable {
    var value: Value
    /// Milliseconds of the server's clock; nil for never.
    var expiresAt: Int64?
  }

  /// What the server's clock shows.
  package var microseconds: Int64
  private(set) var keys: [Name: Key] = [:]
  /// How often what a read that blocks waits for may have changed.
  private(set) var streamChanges = 0
  /// How often the server was started or replaced: what it tells as its run.
  var runs = 1
  /// How many replicas follow it.
  var replicas = 0
  /// What no user may do now.
  package var denials: [Denial] = []
  /// What was published since this was last taken.
  package var published: [(channel: Bytes, payload: Bytes)] = []
  /// Sources of scripts that were loaded, by digest.
  var scripts: [Name: LoadedScript] = [:]
  /// Scripts that the model has no twin of: a world in which one runs proves nothing.
  package internal(set) var unknownScripts: [String] = []
  /// Whether a script runs: its errors have other words.
  var isInScript = false

  package init(microseconds: Int64 = 0) {
    self.microseconds = microseconds
  }

  var milliseconds: Int64 { microseconds / 1000 }

  /// Forgets all, as a server does that comes back empty.
  package mutating func flush() { (keys, scripts) = ([:], [:]) }

  /// Forgets scripts that were loaded, as a server does that starts anew.
  package mutating func forgetScripts() { scripts = [:] }

  // MARK: Keys

  subscript(key: Bytes) -> Value? {
    get { living(key)?.value }
    set {
      if case .stream = newValue { streamChanges += 1 }
      if newValue == nil { streamChanges += 1 }
      guard let newValue, !newValue.isEmpty else {
        keys[Name(key)] = nil
        return
      }
      keys[Name(key)] = Key(value: newValue, expiresAt: living(key)?.expiresAt)
    }
  }

  private func living(_ key: Bytes) -> Key? {
    guard let found = keys[Name(key)], isAlive(found) else { return nil }
    return found
  }

  private func isAlive(_ key: Key) -> Bool { key.expiresAt.map { $0 > milliseconds } ?? true }

  func expiry(of key: Bytes) -> Int64? { keys[Name(key)]?.expiresAt }

  mutating func setExpiry(of key: Bytes, _ time: Int64?) { keys[Name(key)]?.expiresAt = time }

  /// Keys that live, in order.
  package var names: [Bytes] { names { _ in true } }

  /// Those of them that begin so.
  func names(from prefix: Bytes) -> [Bytes] { names { $0.starts(with: prefix) } }

  private func names(_ isMeant: (Bytes) -> Bool) -> [Bytes] {
    keys.filter { isMeant($0.key.bytes) && isAlive($0.value) }.map(\.key.bytes).sorted { $0.precedes($1) }
  }

  /// Takes away what has expired, so that two models with the same living keys are equal.
  mutating func removeExpired() { keys = keys.filter { isAlive($0.value) } }

  // MARK: Commands

  /// Why a command was not done.
  struct Failure: Error {
    var text: String

    static let wrongType = Failure(text: "WRONGTYPE Operation against a key holding the wrong kind of value")
    static let notInteger = Failure(text: "ERR value is not an integer or out of range")
    static let syntax = Failure(text: "ERR syntax error")

    static func arity(_ name: String) -> Failure {
      Failure(text: "ERR wrong number of arguments for '\(name.lowercased())' command")
    }
  }

  /// Runs one command and gives what the server would answer.
  package mutating func run(_ words: [Bytes]) -> Reply {
    guard let first = words.first else { return .error(ServerError("ERR empty command")) }
    do throws(Failure) {
      guard let command = Self.commandsByName[Name(first)] ?? Self.commands[words.commandName] else {
        throw Failure(text: "ERR unknown command '\(words.commandName)'")
      }
      guard words.count >= command.least else { throw .arity(words.commandName) }
      if !denials.isEmpty, let denied = denial(of: words.commandName, command.keys(words)) { throw denied }
      return try command.run(&self, words)
    } catch {
      return .error(ServerError(error.text))
    }
  }

  /// One command: how many words it needs, which of them are keys, and what it does.
  struct Command: Sendable {
    var least: Int
    var keys: @Sendable ([Bytes]) -> [Bytes]
    var run: @Sendable (inout RedisModel, [Bytes]) throws(Failure) -> Reply
  }

  static let commands: [String: Command] = {
    var all: [String: Command] = [:]
    for group in [strings, hashes, sets, sortedSets, streams, groups, server] {
      all.merge(group) { first, _ in first }
    }
    return all
  }()

  private static let commandsByName = Dictionary(
    uniqueKeysWithValues: commands.map { (Name($0.key.bytes), $0.value) })

  /// A command whose first argument is its key.
  static func onKey(
    _ least: Int, _ run: @escaping @Sendable (inout RedisModel, [Bytes]) throws(Failure) -> Reply
  ) -> Command {
    Command(least: least, keys: { [$0[1]] }, run: run)
  }
}

/// Something that the server's access list denies: a command, on keys that begin so.
package struct Denial: Equatable, Sendable {
  package var command: String
  /// Nil denies the command as such.
  package var prefix: String?

  package init(_ command: String, prefix: String? = nil) {
    self.command = command
    self.prefix = prefix
  }
}

extension RedisModel {
  /// Why the access list does not let a command be run; nil if it does.
  func denial(of name: String, _ keys: [Bytes]) -> Failure? {
    for denial in denials where denial.command == name {
      guard let prefix = denial.prefix else {
        return Failure(
          text: isInScript
            ? "ERR The user executing the script can't run this command or subcommand"
            : "NOPERM This user has no permissions to run the '\(name.lowercased())' command")
      }
      guard keys.contains(where: { $0.starts(with: prefix.utf8) }) else { continue }
      return Failure(
        text: isInScript
          ? "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments"
          : "NOPERM This user has no permissions to access one of the keys used as arguments")
    }
    return nil
  }
}
