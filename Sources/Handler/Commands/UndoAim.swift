import Execution
import FleetModel
import Redis
import Wire

/// What an undo takes back, as far as it must be known before the undo enters its lanes: whatever comes after it for the
/// same agents waits for it.
enum UndoAim {
  case command(Original)
  /// An order that came in parts: each is taken back by itself.
  case batch([Original])

  /// The command that is taken back.
  struct Original {
    var id: CommandID
    /// None where nothing is known of it: then nothing is taken back, and that is said.
    var targets: [AgentID] = []
    var instruction: Instruction?

    func lane(of target: AgentID) -> Lanes.Lane { (instruction ?? .undo(id)).lane(of: target) }
  }

  /// Whether an undo of that id, or a part of it, is among what is taken back: it would wait for its own end.
  func includes(_ id: CommandID) -> Bool {
    let originals =
      switch self {
      case .command(let original): [original]
      case .batch(let originals): originals
      }
    return originals.contains { $0.id == id || $0.id.text.hasPrefix("batch/\(id)/") }
  }
}

/// Finds what an undo takes back: among what is under way here, else by what is remembered.
struct UndoSearch {
  let session: LeaseSession
  /// What is under way.
  let running: (CommandID) -> CommandRunner?

  /// As many marks are read at once.
  private static let page = 10

  func find(_ id: CommandID, _ completion: @escaping (UndoAim) -> Void) {
    if let run = running(id) { return completion(.command(run.asOriginal)) }
    guard Keys.isCommandID(id.text.utf8) else { return completion(.command(UndoAim.Original(id: id))) }
    session.read([Request("GET", session.keys.mark(id.text)), Request("HGETALL", session.keys.batch(id))]) { replies in
      let parts = Batches.commands(replies[1].pairs).map(\.id)
      guard replies[0].bytes == nil, !parts.isEmpty else {
        return completion(.command(original(id, replies[0])))
      }
      read(parts[...], []) { completion(.batch($0)) }
    }
  }

  private func read(
    _ ids: ArraySlice<CommandID>, _ found: [UndoAim.Original], _ completion: @escaping ([UndoAim.Original]) -> Void
  ) {
    let page = ids.prefix(Self.page)
    guard !page.isEmpty else { return completion(found) }
    session.read(page.map { Request("GET", session.keys.mark($0.text)) }) { replies in
      let originals = zip(page, replies).map { id, reply in running(id)?.asOriginal ?? original(id, reply) }
      read(ids.dropFirst(Self.page), found + originals, completion)
    }
  }

  private func original(_ id: CommandID, _ reply: Reply) -> UndoAim.Original {
    guard let mark = reply.bytes.flatMap({ CommandRecord($0) }) else { return UndoAim.Original(id: id) }
    let command = mark.command(id, at: session.now)
    return UndoAim.Original(
      id: id, targets: mark.targets,
      instruction: command.flatMap { try? InstructionReader.read($0) })
  }
}
