/// Commands and automatic actions as far as they have come, from what was sent here and what the audit says.
package struct CommandLog: Sendable {
  package static let limit = 500

  /// Oldest first.
  package private(set) var entries: [Entry] = []
  private var positions: [ExactText: Int] = [:]
  private var dropped = 0
  /// Undos that are parts of a batch, by their ids.
  private var undoBatches: [CommandID: CommandID] = [:]
  /// Steps with every entry that is added.
  package private(set) var additions = 0

  package init() {}

  /// The entry of a command.
  package subscript(id: CommandID) -> Entry? { self[key: id.text] }

  /// The entry of an origin's key.
  package subscript(key key: String) -> Entry? { position(of: key).map { entries[$0] } }

  /// Keys of the latest entries, newest first.
  package var latestKeys: [String] { entries.indices.suffix(Self.limit).reversed().map { entries[$0].origin.key } }

  /// Enters a command that this console sends, for the first time or again. The parts of an order are one entry.
  ///
  /// - Parameter shard: where it goes.
  package mutating func enter(
    _ command: Command, _ delivery: Delivery = .underWay, at now: Instant, shard: Int = 0
  ) {
    let id = command.batch?.id ?? command.id
    if position(of: id.text) == nil {
      add(
        Entry(
          origin: .command(id), action: command.action.rawValue, targets: [], operator: command.operator,
          reason: command.reason, progress: .sent, firstAt: now), key: id.text)
    }
    guard let position = position(of: id.text) else { return }
    entries[position].isOwn = true
    entries[position].expiresAt = command.expiresAt
    entries[position].deliveries[command.id] = delivery
    entries[position].routes[command.id] = Route(part: command.batch?.part ?? 1, shard: shard)
    guard let batch = command.batch else { return entries[position].setTargets(command.targets) }
    for target in command.targets { entries[position].addTarget(target) }
    var parts = entries[position].parts ?? BatchProgress(count: batch.parts)
    parts.enter(batch.part)
    entries[position].parts = parts
  }

  mutating func apply(_ line: AuditLine) {
    noteUndo(line)
    let origin = row(of: line)
    let key = origin.key
    if let proposal = line.proposal { settle(proposal) }
    guard let position = position(of: key) else {
      if Self.isPassedOver(line) || isDeedOfRun(line) { return }
      var entry = Entry(
        origin: origin, rule: line.rule, action: line.action, targets: [], operator: line.operator,
        reason: line.reason, progress: .phase(line.phase), firstAt: line.at)
      if !Self.takesBackAPart(line) { entry.parts = line.batch.map { BatchProgress(count: $0.parts) } }
      Self.update(&entry, with: line)
      return add(entry, key: key)
    }
    // A command with the id of a batch is none of its parts.
    guard entries[position].parts == nil || line.batch != nil else { return }
    Self.update(&entries[position], with: line)
  }

  /// The row in which a line stands: its batch's, unless that is another command's. Anybody may give a batch its id.
  private func row(of line: AuditLine) -> AuditLine.Origin {
    guard let batch = line.batch else { return line.origin }
    // What takes an order back in several shards is a batch itself.
    if Self.takesBackAPart(line) { return .command(undoBatches[batch.id] ?? batch.id) }
    if let entry = self[batch.id], entry.parts == nil { return line.origin }
    return .command(batch.id)
  }

  /// Notes which batch an undo belongs to: what takes back the parts of an order names the undo alone.
  private mutating func noteUndo(_ line: AuditLine) {
    guard let batch = line.batch, line.action == Action.undo.rawValue, !Self.takesBackAPart(line),
      case .command(let id) = line.origin
    else { return }
    if undoBatches.count > Self.limit { undoBatches.removeAll() }
    undoBatches[id] = batch.id
  }

  /// Whether a line is of what takes back a part of an order: it belongs to the undo of the whole, which is no batch.
  private static func takesBackAPart(_ line: AuditLine) -> Bool {
    guard let batch = line.batch, case .command(let id) = line.origin else { return false }
    return id.text.hasPrefix("batch/\(batch.id)/")
  }

  private static func update(_ entry: inout Entry, with line: AuditLine) {
    entry.lastAt = max(entry.lastAt, line.at)
    if let batch = line.batch { return update(&entry, with: line, of: batch) }
    entry.note(line)
    let isOfRun = entry.rule != nil
    // That an agent has obeyed one of a run's actions tells neither what the run did nor why.
    if !line.detail.isEmpty, !(isOfRun && line.phase == .obeyed) { entry.detail = line.detail }
    if case .run = line.origin, let proposal = line.proposal, proposal.state == .open { entry.proposal = proposal.id }
    guard line.target != .none else {
      if isOfRun, line.action != AuditLine.wholeRun {
        if line.phase == .obeyed, entry.progress == .phase(.succeeded), entry.isObeyedByAll {
          entry.progress = .phase(.obeyed)
        }
        return
      }
      entry.close(line.detail)
      // The closing line tells where the command as a whole stands; confirmations may have come before it.
      let isObeyed = line.phase == .succeeded && entry.isObeyedByAll
      entry.progress = .phase(isObeyed ? .obeyed : line.phase)
      return
    }
    count(line, in: &entry)
  }

  /// Takes a line about a part. What takes an order back has lines of its own besides, which tell how it stands.
  private static func update(_ entry: inout Entry, with line: AuditLine, of batch: Batch) {
    if line.target != .none { count(line, in: &entry) }
    guard var parts = entry.parts, !takesBackAPart(line) else { return }
    parts.apply(line, to: batch.part)
    entry.parts = parts
    entry.progress = parts.progress
    entry.detail = parts.detail(Action(rawValue: entry.action)?.isAboutAlerts == true ? "alert" : "agent")
    entry.close(entry.detail)
  }

  private static func count(_ line: AuditLine, in entry: inout Entry) {
    entry.addTarget(line.target)
    switch line.phase {
    case .succeeded: entry.succeeded += 1
    case .failed, .rejected, .expired, .unknown: entry.failed += 1
    case .obeyed:
      entry.obeyed.insert(line.target)
      // Until it is closed, there may be targets that have not been heard of yet.
      if entry.progress == .phase(.succeeded), entry.isObeyedByAll { entry.progress = .phase(.obeyed) }
    case .started where !entry.isFinished: entry.progress = .phase(.started)
    case .received, .proposed, .started, .skipped, .undone: break
    }
  }

  /// Rules that match and are held back do so by the thousand: they would drive out what was done, and `RuleLog` has
  /// them. What a rule would do in a dry run, or a guard keeps it from, is worth its row.
  private static func isPassedOver(_ line: AuditLine) -> Bool {
    guard line.rule != nil, line.phase == .skipped else { return false }
    switch RuleLog.Suppression(detail: line.detail) {
    case .throttled, .stale, .notCleared: return true
    case .dryRun, .guarded, .limited, nil: return false
    }
  }

  /// Runtimes confirm a run's actions one by one, each under an id of its own, `<run>/ruleActions/0`: the run has its row.
  private func isDeedOfRun(_ line: AuditLine) -> Bool {
    guard line.phase == .obeyed else { return false }
    let id =
      switch line.origin {
      case .command(let id): id.text
      case .run(let id): id
      }
    let parts = id.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count > 2 else { return false }
    return position(of: AuditLine.Origin.run(parts.dropLast(2).joined(separator: "/")).key) != nil
  }

  /// Whoever writes that a proposal was answered or let lapse, it is the run's row that waits for it.
  private mutating func settle(_ proposal: Proposal) {
    let phase: AuditLine.Phase
    switch proposal.state {
    case .open: return
    case .approved: phase = .started
    case .declined: phase = .rejected
    case .expired: phase = .expired
    }
    guard let index = entries.lastIndex(where: { $0.proposal == proposal.id }),
      entries[index].progress == .phase(.proposed)
    else { return }
    entries[index].progress = .phase(phase)
    entries[index].detail = proposal.state.rawValue
  }

  private mutating func add(_ entry: Entry, key: String) {
    positions[ExactText(key)] = entries.count + dropped
    additions += 1
    entries.append(entry)
    guard entries.count > 2 * Self.limit else { return }
    for old in entries.prefix(Self.limit) { positions[ExactText(old.origin.key)] = nil }
    entries.removeFirst(Self.limit)
    dropped += Self.limit
  }

  /// Changes an entry, if there is one with that key.
  mutating func update(_ key: String, _ body: (inout Entry) -> Void) {
    if let position = position(of: key) { body(&entries[position]) }
  }

  private func position(of key: String) -> Int? { positions[ExactText(key)].map { $0 - dropped } }
}

extension AuditLine.Origin {
  /// The id alone; a command's and a run's never look alike.
  package var key: String {
    switch self {
    case .command(let id): id.text
    case .run(let id): "run:" + id
    }
  }
}
