import FleetModel
import Screen

/// Leaving: commands that were never sent are not dropped in silence.
extension Model {
  /// This console's commands that the server does not have, and those that it may have or not.
  private func kept(_ delivery: CommandLog.Delivery) -> [CommandLog.Entry] {
    fleet.commands.entries.filter { entry in
      guard entry.isOwn, entry.delivery == delivery else { return false }
      // Of an order over several shards a part may be left.
      return entry.progress == .sent || delivery == .waiting && !entry.waitingShards.isEmpty
    }
  }

  /// Those that would still be sent.
  private var waiting: [CommandLog.Entry] { kept(.waiting).filter { $0.expiresAt.map { $0 > now } ?? false } }

  /// Quits, or asks first if commands wait.
  mutating func quit() -> [Effect] {
    guard !waiting.isEmpty else { return [.quit] }
    prompt = .quit
    return []
  }

  mutating func answerQuit(_ key: Key) -> [Effect] {
    prompt = nil
    // Whoever presses Ctrl-C again means it.
    if key == .character("y") || key == .control("c") { return [.quit] }
    show(note: "not quit: \(waiting.isEmpty ? "all commands were sent" : "commands wait for a link")")
    return []
  }

  /// `1 command was never sent: pause a0. Quit?`; with fewer names if there is little room.
  func quitQuestion() -> Question {
    let all = waiting
    let count = "\(Format.counted(all.count, "command")) \(all.count == 1 ? "was" : "were") never sent"
    let wordings = [3, 1].map { most -> String in
      let more = all.count > most ? "; and \(all.count - most) more" : ""
      return "\(count): \(all.prefix(most).map(wording).joined(separator: "; "))\(more). Quit?"
    }
    return Question(
      wordings: all.isEmpty ? ["all commands were sent. Quit?"] : wordings + ["\(count). Quit?"], answer: "y",
      hint: "quits and drops \(all.count == 1 ? "it" : "them")  other keys: no", isDangerous: true)
  }

  /// What to tell whoever quits: a line for each command that was not sent, or may not have been.
  package var leftBehind: [String] {
    kept(.waiting).map { "never sent: \(wording($0))" }
      + (link == .up ? [] : kept(.underWay).map { "no answer came, it may have been sent: \(wording($0))" })
  }
}
