import ArgumentParser

/// How a command ends, as the shell sees it. Wrong usage that shows at once is argument-parser's own 64.
enum Exit: Int32 {
  case done = 0
  /// Failed or refused.
  case failed = 1
  /// Something to look at, and nothing that is wrong: `vigia doctor` alone.
  case look = 2
  case noAnswer = 3
  case redisUnreachable = 4
  /// Done, but for the shards of a divided fleet that do not answer.
  case partial = 5
  /// Wrong usage that shows only once Redis has been asked.
  case usage = 64

  var code: ExitCode { ExitCode(rawValue) }

  /// Says why on stderr; what to throw.
  func saying(_ reason: String) -> ExitCode {
    Output.error("vigia: \(reason)")
    return code
  }
}
