import Execution
import FleetModel
import Redis
import Wire

/// What Redis must allow a handler: the commands that its scripts and readers use, on each kind of key.
///
/// A handler asks before it takes the lease, and again once Redis refuses something: one that could do only half of a
/// transaction does none. What it can do without is said, and left out.
struct Rights {
  private let check: AccessCheck

  init(_ keys: Keys) { check = AccessCheck(AccessTable(.handler, keys)) }

  /// Finds what is missing; an error if not even that can be asked.
  func look(on connection: Connection, _ completion: @escaping (Result<MissingRights, ServerError>) -> Void) {
    // No script may try this one, and older servers tell it only by an attempt.
    var mayLoad = true
    connection.send(Request("SCRIPT", "LOAD", "return 0")) { result in
      if case .success(let reply) = result { mayLoad = reply.error?.code != "NOPERM" }
    }
    check.run(on: connection) { result in
      completion(
        result.map { rows in
          var missing = MissingRights(
            needed: Self.words(rows.filter { !$0.isOptional }), optional: Self.words(rows.filter(\.isOptional)))
          if !mayLoad { missing.optional.append("SCRIPT LOAD") }
          return missing
        })
    }
  }

  private static func words(_ rows: [AccessTable.Row]) -> [String] {
    rows.flatMap { row in row.commands.map { AccessTable.words($0, on: row.key) } }
  }
}
