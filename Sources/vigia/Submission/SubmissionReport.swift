import FleetModel
import Wire

/// What `vigia send` prints.
struct SubmissionReport {
  let isJSON: Bool

  /// - Parameter missing: the shards that it would go to as well, and cannot.
  func sent(_ commands: [Command], _ missing: MissingShards) {
    guard isJSON else { return Output.line(Self.row("sent", Self.words(commands))) }
    for command in commands { Output.json(missing.noted(in: Self.sent(command))) }
  }

  private static func sent(_ command: Command) -> JSONValue {
    [
      "phase": "sent", "command_id": .string(command.id.text), "batch": command.batch.map(BatchCoding.json),
      "action": .string(command.action.rawValue), "targets": .array(command.targets.map { .string($0.bytes) }),
      "expires_at": .string(ISO8601.format(command.expiresAt)),
    ]
  }

  /// Corrects lines that said `sent`: the shard has refused these commands. Stderr says so at the end.
  ///
  /// - Parameter mayBeThere: whether the shard may have taken them when they were sent before.
  func notSent(_ commands: [Command], _ missing: MissingShards, mayBeThere: Bool) {
    guard isJSON else { return }
    let phase = mayBeThere ? "unknown" : "not sent"
    for command in commands {
      Output.json(missing.noted(in: ["phase": .string(phase), "command_id": .string(command.id.text)]))
    }
  }

  /// No command was sent, since shards are missing. Stderr says it, too.
  func nothingSent(_ missing: MissingShards) {
    if isJSON, !missing.isEmpty { Output.json(missing.noted(in: ["phase": "not sent"])) }
  }

  private static func words(_ commands: [Command]) -> String {
    guard let first = commands.first else { return "" }
    let arguments = first.arguments.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    guard let batch = first.batch else {
      return ([first.action.rawValue] + first.targets.map(\.description) + arguments).joined(separator: " ")
    }
    let count = commands.reduce(0) { $0 + $1.targets.count }
    let agents = count == 0 ? [] : ["\(count) agent\(count == 1 ? "" : "s")"]
    let what = ([first.action.rawValue] + agents + arguments).joined(separator: " ")
    let number = commands.count < batch.parts ? "\(commands.count) of \(batch.parts)" : "\(batch.parts)"
    return "\(what), as \(number) commands; undo command_id=\(batch.id) takes all of them back"
  }

  /// A line of the audit.
  func step(_ line: AuditLine) {
    if isJSON { return Output.json(AuditCoding.encode(line)) }
    let parts = [line.target.description, line.detail].filter { !$0.isEmpty }
    Output.line(Self.row(line.phase.rawValue, parts.joined(separator: ": ")))
  }

  /// The wait is over.
  ///
  /// - Parameters:
  ///   - handlers: of the shards in which it has not come to its end.
  ///   - missing: the shards that it could not be sent to.
  func noAnswer(
    _ progress: OrderProgress, handlers: [Int: HandlerLeaseStatus], of shards: Shards?, _ missing: MissingShards,
    now: Instant
  ) {
    guard let first = progress.commands.first else { return }
    let all = handlers.sorted { $0.key < $1.key }
    let handler = shards.map { .merged(all.map(\.value), $0) } ?? all.first?.value ?? .unknown
    guard !isJSON else { return Output.json(Self.noAnswer(progress, first, handler, missing)) }
    let what =
      progress.isSucceeded
      ? "no runtime has confirmed it"
      : progress.isReceived
        ? "it has not ended yet" : "the command expires in \(max(0, (first.expiresAt - now).seconds))s"
    let free = shards == nil ? [] : all.filter { $0.value == .absent }.map(\.key)
    let whose = free.isEmpty ? handler.sentence : "no handler is alive in \(ShardNames.words(free))"
    Output.error("vigia: no answer: \(whose); \(what)")
  }

  /// The wait is over, and the link is down to a shard that has not said how the order ended. Stderr says so.
  func linkIsDown(_ progress: OrderProgress, _ missing: MissingShards) {
    guard isJSON, let first = progress.commands.first else { return }
    Output.json(Self.noAnswer(progress, first, .unknown, missing))
  }

  private static func noAnswer(
    _ progress: OrderProgress, _ first: Command, _ handler: HandlerLeaseStatus, _ missing: MissingShards
  ) -> JSONValue {
    missing.noted(in: [
      "phase": "no answer", "command_id": .string((first.batch?.id ?? first.id).text),
      "received": .bool(progress.isReceived), "handler": handler.json,
      "expires_at": .string(ISO8601.format(first.expiresAt)),
    ])
  }

  /// A phase and what there is to say of it, in two columns.
  private static func row(_ phase: String, _ text: String) -> String {
    text.isEmpty ? phase : phase + String(repeating: " ", count: max(1, 11 - phase.count)) + text.shown
  }
}
