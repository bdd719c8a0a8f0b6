import FleetModel

/// How the shards of a divided fleet stand: the link to each, and who leads it.
package struct ShardBoard: Equatable, Sendable {
  private var links: [LinkStatus]
  private var handlers: [HandlerStatus]

  init(_ count: Int) {
    links = Array(repeating: .connecting, count: count)
    handlers = Array(repeating: .unknown, count: count)
  }

  var count: Int { links.count }

  mutating func set(_ link: LinkStatus, of shard: Int) {
    guard links.indices.contains(shard) else { return }
    links[shard] = link
    // Whoever asked last was told of a time that is over.
    if link != .up { handlers[shard] = .unknown }
  }

  mutating func set(_ handler: HandlerStatus, of shard: Int) {
    if handlers.indices.contains(shard) { handlers[shard] = handler }
  }

  // MARK: As one

  /// The links as one: down if all are; up if one is, for what it brings is live.
  var link: LinkStatus {
    if links.contains(.up) { return .up }
    if links.contains(.connecting) { return .connecting }
    return links.min { Self.since($0) < Self.since($1) } ?? .connecting
  }

  private static func since(_ link: LinkStatus) -> Instant {
    if case .down(let since, _, _) = link { since } else { .epoch }
  }

  /// The handlers as one: absent only if no shard has one.
  var handler: HandlerStatus {
    let alive = handlers.compactMap { status -> Leader? in
      guard case .alive(let id, let isRecording, let fault, let warning, let held) = status else { return nil }
      return Leader(id: id, isRecording: isRecording, fault: fault, warning: warning, held: held)
    }
    guard !alive.isEmpty else { return handlers.contains(.absent) ? .absent : .unknown }
    let ids = alive.map(\.id).uniqued()
    let names = ids.prefix(3).joined(separator: " ") + (ids.count > 3 ? " …" : "")
    return .alive(
      id: names, isRecording: alive.allSatisfy(\.isRecording), fault: alive.lazy.compactMap(\.fault).first,
      warning: alive.lazy.compactMap(\.warning).first, held: alive.lazy.compactMap(\.held).first)
  }

  private struct Leader {
    var id: String
    var isRecording: Bool
    var fault: String?
    var warning: String?
    var held: String?
  }

  // MARK: Of some

  /// The handler of some shards: absent if one of them has none.
  func handler(of shards: [Int]) -> HandlerStatus {
    let all = shards.compactMap { handlers.indices.contains($0) ? handlers[$0] : nil }
    return all.first { $0 == .absent } ?? all.first { $0 == .unknown } ?? all.first ?? handler
  }

  /// The link to some shards: down if that to one of them is.
  func link(of shards: [Int]) -> LinkStatus {
    let all = shards.compactMap { links.indices.contains($0) ? links[$0] : nil }
    return all.first { $0 != .up } ?? all.first ?? link
  }

  /// The shards to which there is no link.
  var down: [Int] { links.indices.filter { Self.isDown(links[$0]) } }

  private static func isDown(_ link: LinkStatus) -> Bool { if case .down = link { true } else { false } }

  /// Since when the link that broke first is down, and why; nil if none is.
  var firstDown: (since: Instant, reason: String)? {
    let all = links.compactMap { link -> (since: Instant, reason: String)? in
      if case .down(let since, _, let reason) = link { (since, reason) } else { nil }
    }
    return all.min { $0.since < $1.since }
  }

  /// The shards that are known to have no handler.
  var withoutHandler: [Int] { handlers.indices.filter { handlers[$0] == .absent } }
}

extension Model {
  /// The shards whose link is down while others are up; none if the fleet is one.
  var brokenShards: [Int] { link == .up ? board?.down ?? [] : [] }

  /// Whether what is shown of an agent is of when its shard's link broke.
  func isStale(_ agent: AgentID) -> Bool {
    guard let board, link == .up else { return false }
    return board.link(of: [fleet.division.shard(of: agent)]) != .up
  }

  /// Who handles what is done to an agent.
  func handler(of agent: AgentID) -> HandlerStatus {
    board?.handler(of: [fleet.division.shard(of: agent)]) ?? handler
  }

  /// The shards that a draft will go to.
  func shards(of draft: ActionDraft) -> [Int] {
    let division = fleet.division
    if let proposal = draft.proposal { return [division.shard(of: proposal.agent)] }
    let agents = draft.alerts.isEmpty ? draft.targets : draft.alerts.map(\.agent)
    let undone = draft.arguments["command_id"].flatMap { fleet.commands[CommandID($0)] }
    let action = draft.action == .undo ? undone.flatMap { Action(rawValue: $0.action) } : draft.action
    return division.places(of: action, targets: agents)
  }

  /// Which shards are meant, where not all are: ` to shard 03`. Empty if the fleet is one.
  func placeWords(_ shards: [Int], _ preposition: String) -> String {
    board == nil || shards.isEmpty ? "" : " \(preposition) \(ShardNames.words(shards))"
  }

  /// Who leads a shard, or the fleet if it is one.
  package func handler(ofShard shard: Int) -> HandlerStatus { board?.handler(of: [shard]) ?? handler }

  /// The shards that an undo goes to; nil if it is none, or the fleet is one.
  package func undoPlaces(of draft: ActionDraft) -> [Int]? {
    board == nil || draft.action != .undo ? nil : shards(of: draft)
  }

  /// What nobody has taken of an order while others have taken their parts: `shard 03 waits: no link`.
  func openShardWords(_ entry: CommandLog.Entry) -> String? {
    guard let board, entry.isOwn, entry.progress != .sent, !entry.isFinished else { return nil }
    let shards = entry.openShards
    guard !shards.isEmpty else { return nil }
    let isOver = entry.expiresAt.map { $0 <= displayedNow } ?? false
    if isOver { return "nobody took it in time in \(ShardNames.words(shards))" }
    let why = board.link(of: shards) != .up ? "no link" : board.handler(of: shards) == .absent ? "no handler" : nil
    return ShardNames.words(shards) + (shards.count == 1 ? " waits" : " wait") + (why.map { ": \($0)" } ?? "")
  }

  // MARK: The status line

  var shardParts: [StatusLine.Part] {
    guard let board else { return [] }
    var parts: [StatusLine.Part] = []
    let (down, free) = (brokenShards, board.withoutHandler)
    if !down.isEmpty, let first = board.firstDown {
      parts.append(
        .init(
          text: "\(ShardNames.words(down)): no connection since \(Format.clock(first.since))Z", role: .statusBad,
          rank: 1,
          short: "\(ShardNames.words(down)): no link"))
    }
    if !free.isEmpty, free.count < board.count {
      parts.append(
        .init(
          text: "\(ShardNames.words(free)): no handler", role: .statusWarning, rank: 1,
          short: "\(Format.counted(free.count, "shard")): no handler"))
    }
    parts.append(.init(text: Format.counted(board.count, "shard"), role: .statusBar, rank: 5))
    return parts
  }

  /// The first line of the screen while some shards cannot be reached: which agents that concerns, and then the trouble
  /// that the line would show otherwise.
  func brokenShardsHeadline(_ shown: Fleet, besides trouble: Headline?) -> Headline? {
    let down = brokenShards
    guard !down.isEmpty, let first = board?.firstDown else { return nil }
    let count = shown.agents.indices.count { shown.isPresent($0) && !shown.isHeard($0) }
    let age = Format.age(now - first.since)
    let worst = trouble.map { "; worst: \($0.lead) \($0.text)" } ?? ""
    let what =
      count == 0
      ? "none of their agents is known"
      : "what is shown of \(Format.counted(count, "agent")) is \(age == "now" ? "seconds" : age) old"
    return Headline(
      lead: "NO LINK to \(ShardNames.words(down)):", text: what + worst, role: .bad,
      trailing: trouble?.trailing ?? "vigia")
  }
}
