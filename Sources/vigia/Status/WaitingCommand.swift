import ArgumentParser
import Console
import FleetModel
import Redis
import Screen
import Wire

/// `vigia waiting`: which conversations wait for a person.
struct WaitingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "waiting", abstract: "Print which conversations wait for a person, the longest wait first.",
    discussion: """
      Agents tell of them by the event agent.waiting. Take one with vigia send take AGENT --arg conversation_id=ID; \
      hand_back gives it back to its agent, and close_conversation ends it. A state is ok, near or over, by the level of \
      the handler's settings, or taken. If an agent is proposed that could have one, hand it over with vigia send \
      transfer.
      """)

  @OptionGroup var redis: RedisOptions
  @Flag(help: "With what was said last in each, and why an agent is proposed.") var lines = false
  @Flag(help: "As one JSON document.") var json = false

  func run() throws {
    try FleetQuery.run(try redis.wholeInstallation()) { query in
      query.send({ Request("HGETALL", $0.waiting) }) { conversations in
        query.send({ Request("GET", $0.waitingState) }) { states in
          query.send({ Request("GET", $0.lease) }) { leases in
            let isKept = leases.allSatisfy { HandlerLeaseStatus($0.reply) != .absent }
            let page = WaitingPage(book(conversations, states, query), isKept: isKept, at: query.now)
            query.show(json ? .json(page.json) : .lines(page.table + (lines ? page.lastLines : []) + page.remarks))
            query.end()
          }
        }
      }
    }
  }

  private func book(
    _ conversations: [FleetQuery.Answer], _ states: [FleetQuery.Answer], _ query: FleetQuery
  ) -> WaitingBook {
    var malformed = 0
    let books = conversations.map { answer in
      let state = states.first { $0.part === answer.part }?.reply.bytes
      return WaitingCoding.decode(conversations: answer.reply.pairs, state: state) { _, _ in malformed += 1 }
    }
    if malformed > 0 { query.complain("waiting", "\(Format.counted(malformed, "stored value")) could not be read") }
    guard var whole = books.first else { return WaitingBook() }
    for book in books.dropFirst() { whole.merge(book) }
    return whole
  }
}

/// Which conversations wait, as text or JSON.
struct WaitingPage {
  private let book: WaitingBook
  private let isKept: Bool
  private let now: Instant
  private let order: [WaitingConversation]
  /// Whether an agent is proposed for one of them: otherwise the table has no column for it.
  private let hasProposals: Bool

  /// - Parameter isKept: whether handlers are alive that take out who waits no more.
  init(_ book: WaitingBook, isKept: Bool, at now: Instant) {
    (self.book, self.isKept, self.now) = (book, isKept, now)
    order = book.longestFirst
    hasProposals = order.contains { $0.standingProposal != nil }
  }

  var json: JSONValue {
    [
      "level_ms": .integer(book.level.milliseconds), "levels": WaitingCoding.json(book.levels.entries),
      "left_out": .integer(Int64(book.leftOut)),
      "is_kept": .bool(isKept),
      "paged_since": book.page?.since.json, "conversations": .array(order.map(json)),
    ]
  }

  private func json(_ conversation: WaitingConversation) -> JSONValue {
    var object = WaitingCoding.json(conversation).object ?? JSONObject()
    object["state"] = .string(state(of: conversation))
    object["level_ms"] = .integer(book.level(of: conversation).milliseconds)
    object["waits_ms"] = conversation.wait(at: now).map { .integer($0.milliseconds) }
    return .object(object)
  }

  private func state(of conversation: WaitingConversation) -> String {
    book.serviceLevel(of: conversation, at: now)?.rawValue ?? "taken"
  }

  var table: [String] {
    guard !order.isEmpty else { return ["no conversation waits for a person"] }
    let level = book.hasSeveralLevels ? ["level"] : []
    let proposed = hasProposals ? ["proposed"] : []
    let head =
      ["state", "waits"] + level + ["conversation", "agent", "for", "language", "person"] + proposed + ["about"]
    return TextTable.lines([head] + order.map(cells), rightAligned: 1...1 + level.count)
  }

  private func cells(_ conversation: WaitingConversation) -> [String] {
    let level = book.hasSeveralLevels ? ["\(book.level(of: conversation).rounded)"] : []
    let wait = conversation.wait(at: now).map(Self.words) ?? "-"
    let proposed = hasProposals ? [cell(conversation.standingProposal?.agent.description ?? "")] : []
    let known = [
      conversation.id.text.shown, conversation.agent.description.shown, cell(conversation.skill),
      cell(conversation.language), cell(conversation.hand.map { Format.person($0.by) } ?? ""),
    ]
    return [state(of: conversation), wait] + level + known + proposed + [conversation.summary.shown]
  }

  private func cell(_ text: String) -> String { text.isEmpty ? "-" : text.shown }

  /// To the second below two minutes: `52s`, `14m`.
  private static func words(_ wait: TimeSpan) -> String {
    wait.seconds < 120 ? "\(wait.seconds)s" : Format.age(wait)
  }

  private static func words(_ proposed: WaitingConversation.Proposed) -> String {
    "proposed: \(proposed.agent)\(proposed.why.isEmpty ? "" : " (\(proposed.why))")"
  }

  /// What was said last in each conversation, and why an agent is proposed for it.
  var lastLines: [String] {
    order.filter { !$0.lines.isEmpty || $0.standingProposal != nil }.flatMap { conversation in
      let words = conversation.lines + [conversation.standingProposal.map(Self.words)].compactMap(\.self)
      return ["", "\(conversation.id.text) of \(conversation.agent)"] + words.map { "  \($0)" }
    }
  }

  /// A line of `vigia status`: how many wait, and for how long; none if none does.
  var summary: [String] {
    guard let oldest = book.oldest, let wait = oldest.wait(at: now) else { return [] }
    let who = book.waitingCount == 1 ? "1 waits" : "\(book.waitingCount) wait"
    let longest = "\(Self.words(wait)) (\(state(of: oldest)))\(urgent(besides: oldest))"
    return ["waiting     \(who) for a person, the longest for \(longest); vigia waiting"]
  }

  /// Another one that stands worse by its own level.
  private func urgent(besides oldest: WaitingConversation) -> String {
    guard let urgent = book.mostUrgent(at: now), state(of: urgent) != state(of: oldest),
      let wait = urgent.wait(at: now)
    else { return "" }
    return ", another for \(Self.words(wait)) (\(state(of: urgent)))"
  }

  /// What the table does not say.
  var remarks: [String] {
    let keeper = isKept ? [] : ["no handler is alive: nobody keeps this list"]
    guard !order.isEmpty else { return keeper }
    let over = book.overCount(at: now)
    let most = book.hasSeveralLevels ? "their level" : "\(book.level.rounded)"
    let level = "\(over) of \(book.waitingCount) wait for longer than \(most)"
    let paged = book.page.map { "; people were paged \(Format.ago(now - $0.since))" } ?? ""
    let more = book.leftOut > 0 ? ["\(book.leftOut) more were told of and found no room"] : []
    return more + [level + paged] + keeper
  }
}
