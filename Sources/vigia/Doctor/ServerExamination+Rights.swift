import FleetModel
import Redis
import Wire

/// Which rights the user has.
extension ServerExamination {
  /// By `ACL DRYRUN`, which does nothing, where the server has it and the connection may use it.
  func tryRights() {
    let user = triedUser ?? answers.user.value ?? installation.endpoint.user ?? "default"
    ask(Request("ACL", "DRYRUN", user, "PING")) { [self] reply in
      if let error = reply.error { return tryWithoutDryrun(error) }
      for attempt in table.attempts { dryRun(attempt, as: user) }
    }
  }

  private func dryRun(_ attempt: RightAttempt, as user: String) {
    let words: [any RequestArgument] = ["ACL", "DRYRUN", user] + attempt.arguments.map { $0 as any RequestArgument }
    ask(Request(words)) { [self] reply in
      // A command that the server does not know, or that was renamed away, cannot be used either.
      note(attempt.name, isOptional: attempt.isOptional, isDenied: reply.bytes != Array("OK".utf8))
    }
  }

  private func note(_ name: String, isOptional: Bool, isDenied: Bool) {
    answers.rights.tried += 1
    guard isDenied else { return }
    if isOptional { answers.rights.optional.append(name) } else { answers.rights.needed.append(name) }
  }

  /// Before 7.0, or by a user that may not try: what it can do itself is found out by requests that change nothing.
  private func tryWithoutDryrun(_ error: ServerError) {
    if triedUser != nil {
      answers.rights.failure = "ACL DRYRUN, which Redis has from 7.0 on, was refused (\(error))"
      return
    }
    switch table.role {
    case .handler, .maintainer: tryByScript()
    case .viewer, .operator, .publisher, .runtime, .doctor: tryOneByOne()
    }
  }

  private func tryByScript() {
    guard let connection else { return }
    let settle = owe()
    let check = AccessCheck(table)
    check.run(on: connection) { [self] result in
      _ = check
      switch result {
      case .failure(let error): answers.rights.failure = "\(error)"
      case .success(let missing):
        answers.rights.tried += table.rows.map(\.commands.count).reduce(0, +)
        for row in missing {
          let names = row.commands.map { AccessTable.words($0, on: row.key) }
          if row.isOptional { answers.rights.optional += names } else { answers.rights.needed += names }
        }
      }
      settle()
    }
    answers.rights.untried += channelCommands
  }

  private var channelCommands: [String] {
    table.others.filter { ["subscribe", "psubscribe", "publish"].contains($0) }.map { $0.uppercased() }
  }

  /// Each command on a key that is not there, and each key by a request that the server refuses for its arguments, or
  /// that reads one value. The server looks at the command first, then at the keys.
  private func tryOneByOne() {
    var commands: Set<String> = []
    var places: Set<[UInt8]> = []
    for row in table.rows {
      for command in row.commands where commands.insert(AccessTable.ruleName(command)).inserted {
        attempt(command, on: keys.mark("doctor"), isOptional: row.isOptional) { $0.contains("run the") }
        _ = row
      }
      guard !row.key.isEmpty, places.insert(row.key).inserted else { continue }
      attempt(Self.probe(row), on: row.key, isOptional: row.isOptional) { !$0.contains("run the") }
    }
    answers.rights.untried += channelCommands
  }

  private func attempt(
    _ command: String, on key: [UInt8], isOptional: Bool, _ isMeant: @escaping (String) -> Bool
  ) {
    let harmless = command.replacing("XADD @ *", with: "XADD @ 0-0")
    let words = harmless.split(separator: " ").map { $0 == "@" ? key : Array($0.utf8) }
    let isOfKey = key != keys.mark("doctor")
    let name = isOfKey ? "the key \(String(decoding: key, as: UTF8.self))" : AccessTable.words(command, on: [])
    ask(Request(words.map { $0 as any RequestArgument })) { [self] reply in
      let isDenied = reply.error.map { $0.code == "NOPERM" && isMeant($0.text) } ?? false
      note(name, isOptional: isOptional, isDenied: isDenied)
    }
  }

  /// What tells whether a row's key may be used, and neither changes nor reads much.
  private static func probe(_ row: AccessTable.Row) -> String {
    if row.commands.contains(where: { $0.hasPrefix("XADD") }) { return "XADD @ 0-0 f v" }
    if row.commands.contains(where: { $0.hasPrefix("XREAD ") }) { return "XREAD STREAMS @ x" }
    if row.commands.contains(where: { $0.hasPrefix("XRANGE") }) { return "XRANGE @ x x" }
    if row.commands.contains(where: { $0.hasPrefix("XINFO STREAM") }) { return "XINFO STREAM @" }
    return "GET @"
  }
}
