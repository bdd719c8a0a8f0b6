import Execution
import FleetModel
import Redis
import Wire

/// What an undo takes back: the earlier command as its mark remembers it.
struct UndoPlan {
  let id: CommandID
  let mark: CommandRecord
  let instruction: Instruction

  var targets: [AgentID] { mark.targets }

  static let unknown = Refusal("nothing is known of that command within the last 48 hours")

  /// Reads the mark of an earlier command, or gives the reason why it cannot be undone.
  static func read(
    _ id: CommandID, _ session: LeaseSession, _ completion: @escaping (Result<UndoPlan, Refusal>) -> Void
  ) {
    session.read([Request("GET", session.keys.mark(id.text))]) { replies in
      do throws(Refusal) {
        completion(.success(try UndoPlan(id, replies[0].bytes.flatMap { CommandRecord($0) }, now: session.now)))
      } catch {
        completion(.failure(error))
      }
    }
  }

  private init(_ id: CommandID, _ found: CommandRecord?, now: Instant) throws(Refusal) {
    guard let found else { throw Self.unknown }
    let name = "that \(Action(rawValue: found.action)?.title ?? "command")"
    guard let closed = found.closed else { throw Refusal("\(name) is still being run") }
    guard found.undoneBy == nil else { throw Refusal("\(name) was already undone") }
    guard closed == .succeeded || closed == .failed, let command = found.command(id, at: now) else {
      throw Refusal("\(name) did nothing: it was \(closed.rawValue)")
    }
    let instruction = try InstructionReader.read(command)
    if case .none(let reason) = command.action.descriptor.inverse { throw Refusal(reason) }
    self.id = id
    mark = found
    self.instruction = instruction
  }

  /// Says of the earlier command that it was taken back.
  func markUndone(by command: Command, in transaction: inout Transaction, _ session: LeaseSession) {
    var mark = mark
    mark.undoneBy = command.id
    transaction.change("SET", session.keys.mark(id.text), mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    let line = AuditLine(
      origin: .command(id), batch: mark.batch, phase: .undone, action: mark.action, operator: command.operator,
      reason: command.reason,
      detail: "undone by \(command.operator) at \(ISO8601.format(session.now).dropFirst(11).prefix(5))Z",
      handler: session.options.id, at: session.now)
    transaction.add(line, session.keys)
  }
}
