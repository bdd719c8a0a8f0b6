import FleetModel
import Wire

/// What `vigia send` prints.
struct SendingReport {
  let isJSON: Bool

  func sent(_ command: Command) {
    let targets = command.targets.map(\.description)
    guard isJSON else {
      let arguments = command.arguments.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      return Output.line(
        Self.row("sent", ([command.action.rawValue] + targets + arguments).joined(separator: " ")))
    }
    Output.json([
      "phase": "sent", "command_id": .string(command.id.text), "action": .string(command.action.rawValue),
      "targets": .array(command.targets.map { .string($0.bytes) }),
      "expires_at": .string(ISO8601.format(command.expiresAt)),
    ])
  }

  /// A line of the audit.
  func step(_ line: AuditLine) {
    if isJSON { return Output.json(AuditCoding.encode(line)) }
    let parts = [line.target.description, line.detail].filter { !$0.isEmpty }
    Output.line(Self.row(line.phase.rawValue, parts.joined(separator: ": ")))
  }

  /// The wait is over.
  func noAnswer(_ command: Command, _ progress: SendingProgress, handler: HandlerSight, now: Instant) {
    guard !isJSON else {
      return Output.json([
        "phase": "no answer", "command_id": .string(command.id.text), "received": .bool(progress.isReceived),
        "handler": handler.json, "expires_at": .string(ISO8601.format(command.expiresAt)),
      ])
    }
    let what =
      progress.isSucceeded
      ? "no runtime has confirmed it"
      : progress.isReceived
        ? "it is not through" : "the command expires in \(max(0, (command.expiresAt - now).seconds))s"
    Output.error("vigia: no answer: \(handler.sentence); \(what)")
  }

  /// A phase and what there is to say of it, in two columns.
  private static func row(_ phase: String, _ text: String) -> String {
    text.isEmpty ? phase : phase + String(repeating: " ", count: max(1, 11 - phase.count)) + text.shown
  }
}
