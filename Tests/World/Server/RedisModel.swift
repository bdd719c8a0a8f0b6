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
  private(set) var keys: [Bytes: Key] = [:]
  /// What no user may do now.
  package var denials: [Denial] = []
  /// What was published since this was last taken.
  package var published: [(channel: Bytes, payload: Bytes)] = []
  /// Sources of scripts that were loaded, by digest.
  var scripts: [Bytes: Bytes] = [:]
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
    get { isAlive(key) ? keys[key]?.value : nil }
    set {
      guard let newValue, !newValue.isEmpty else {
        keys[key] = nil
        return
      }
      if isAlive(key) { keys[key]?.value = newValue } else { keys[key] = Key(value: newValue) }
    }
  }

  private func isAlive(_ key: Bytes) -> Bool {
    guard let found = keys[key] else { return false }
    return found.expiresAt.map { $0 > milliseconds } ?? true
  }

  func expiry(of key: Bytes) -> Int64? { keys[key]?.expiresAt }

  mutating func setExpiry(of key: Bytes, _ time: Int64?) { keys[key]?.expiresAt = time }

  /// Keys that live, in order.
  package var names: [Bytes] { keys.keys.filter(isAlive).sorted { $0.precedes($1) } }

  /// Takes away what has expired, so that two models with the same living keys are equal.
  mutating func removeExpired() { for key in keys.keys where !isAlive(key) { keys[key] = nil } }

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
    guard let name = words.first?.text.uppercased() else { return .error(ServerError("ERR empty command")) }
    do throws(Failure) {
      guard let command = Self.commands[name] else { throw Failure(text: "ERR unknown command '\(name)'") }
      guard words.count >= command.least else { throw .arity(name) }
      if let denied = denial(of: name, command.keys(words)) { throw denied }
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
