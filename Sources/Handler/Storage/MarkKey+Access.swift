import Redis
import Wire

extension MarkKey {
  /// Asks for the mark's text under each spelling; ``Reply/mark`` reads the answer.
  var get: Request {
    guard let former else { return Request("GET", key) }
    return Request("MGET", key, former)
  }

  /// The key of a set or sorted set to read: handlers of both versions write the former one.
  var complete: [UInt8] { former ?? key }
}

extension Reply {
  /// What ``MarkKey/get`` found: the present spelling first.
  var mark: [UInt8]? { elements.map { $0.lazy.compactMap(\.bytes).first } ?? bytes }
}

extension Transaction {
  /// Lets the transaction go ahead only while the mark's text is what was found of it.
  mutating func require(_ mark: MarkKey, is found: [UInt8]) {
    guard let former = mark.former else { return require("GET", mark.key, is: found) }
    // An older handler wrote one spelling, this version writes both: neither may have appeared or gone since.
    require("MGET", mark.key, alsoOn: former, is: found)
  }

  /// Adds a change of each spelling of a mark.
  mutating func change(_ command: String, _ mark: MarkKey, _ arguments: any RequestArgument...) {
    for key in mark.spellings { change(command, key, all: arguments) }
  }
}
