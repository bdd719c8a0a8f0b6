import Execution
import Redis
import Wire

/// Taking back: what an undo reads besides what every command does.
extension CommandRunner {
  /// What it is to one that takes it back.
  var asOriginal: UndoAim.Original {
    UndoAim.Original(id: command.id, targets: run.targets, instruction: undoPlan?.instruction ?? instruction)
  }

  func readOriginal() {
    guard case .command(let original) = aim else { return }
    UndoPlan.read(original.id, session) { [self] result in
      switch result {
      case .success(let found):
        undoPlan = found
        take(.original(targets: found.targets))
      case .failure(let refusal):
        let isElsewhere = refusal == UndoPlan.unknown && session.options.shards != nil && command.batch != nil
        take(isElsewhere ? .originalElsewhere : .originalRefused(refusal.reason))
      }
    }
  }
}
