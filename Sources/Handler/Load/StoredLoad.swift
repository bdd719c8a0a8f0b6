import FleetModel
import Wire

/// What sharing load has under way, as it stands in Redis, role by role.
struct StoredLoad {
  private struct Entry {
    var standing: LoadStanding
    var bytes: [UInt8]
  }

  private var entries: [ExactText: Entry] = [:]
  /// Fields that are no role's, or beyond what is kept.
  private(set) var strays: [(name: [UInt8], value: [UInt8])] = []

  /// Of more roles nothing is kept: no more has ever been under way.
  static let most = 1024

  init() {}

  /// - Parameter passedOver: told of each value that nobody understands.
  init(_ pairs: [(name: [UInt8], value: [UInt8])], passedOver: (_ value: [UInt8]) -> Void) {
    for (name, value) in pairs {
      guard entries.count < Self.most, name.count <= TextBound.word,
        let role = String(validating: name, as: UTF8.self), let standing = LoadCoding.decode(value)
      else {
        passedOver(value)
        strays.append((name, value))
        continue
      }
      entries[ExactText(role)] = Entry(standing: standing, bytes: value)
    }
  }

  var isEmpty: Bool { entries.isEmpty }
  var isFull: Bool { entries.count >= Self.most }
  var roles: some Collection<ExactText> { entries.keys }

  /// The proposals that stand, or have ended and nobody has taken note of it.
  var questions: [LoadStanding.Question] { entries.values.compactMap(\.standing.question) }

  subscript(role: ExactText) -> LoadStanding? { entries[role]?.standing }

  /// Whether a command is one that was sent.
  func contains(_ id: CommandID) -> Bool {
    entries.values.contains { $0.standing.moves.contains { $0.command == id } }
  }

  /// Adds what is to stand of a role from now on to a transaction.
  ///
  /// - Returns: how it then stands; empty if nothing does.
  func add(_ standing: LoadStanding, of role: ExactText, _ keys: Keys, to transaction: inout Transaction) -> [UInt8] {
    transaction.require("HGET", keys.load, role.text, is: entries[role]?.bytes ?? [])
    guard !standing.isEmpty else {
      transaction.change("HDEL", keys.load, role.text)
      return []
    }
    let bytes = LoadCoding.encode(standing)
    transaction.change("HSET", keys.load, role.text, bytes)
    return bytes
  }

  /// Takes what has been written.
  mutating func take(_ standing: LoadStanding, _ bytes: [UInt8], of role: ExactText) {
    entries[role] = bytes.isEmpty ? nil : Entry(standing: standing, bytes: bytes)
  }

  mutating func removeStrays(_ count: Int) { strays.removeFirst(min(count, strays.count)) }
}
