import FleetModel
import Screen

/// Conversations that wait for a person: what the keys do to the selected one, and how many there are.
extension Model {
  /// Enter takes it, `a` takes it or hands it back, `c` closes it.
  mutating func conversationDraft(_ action: Action) -> ActionDraft? {
    guard opened == nil, explained == nil, case .conversation(let id)? = selectedRow else {
      show(note: "no conversation is selected: 8 shows those that wait for a person")
      return nil
    }
    guard let conversation = displayed.waiting?[id] else {
      show(note: "this conversation waits no more")
      return nil
    }
    if [.take, .transfer].contains(action), let hand = conversation.hand {
      show(note: "\(Format.person(hand.by)) has taken it; a hands it back to its agent")
      return nil
    }
    guard let wanted = wanted(action, conversation) else {
      show(note: "Enter takes a conversation, a hands it back, t hands it over, c closes it")
      return nil
    }
    var draft = ActionDraft(action: wanted, targets: [conversation.agent])
    draft.conversation = id
    return wanted == .transfer ? handoffDraft(draft, conversation) : draft
  }

  /// Whether the selected row is a conversation that waits for a person.
  var isConversationSelected: Bool {
    guard opened == nil, explained == nil, case .conversation? = selectedRow else { return false }
    return true
  }

  private func wanted(_ action: Action, _ conversation: WaitingConversation) -> Action? {
    switch action {
    case .take: .take
    case .transfer: .transfer
    case .acknowledge: conversation.hand == nil ? .take : .handBack
    case .handBack: .handBack
    case .close, .closeConversation: .closeConversation
    case .pause, .resume, .restart, .scale, .rateLimit, .rebalance, .activateBackup, .deactivateBackup, .escalate,
      .blockIP, .unblockIP, .offerCoupon, .schedule, .cancel, .tune, .rollback, .notify, .unacknowledge, .silence,
      .unsilence, .approve, .reject, .undo, .automation, .drain, .planMaintenance, .cancelMaintenance:
      nil
    }
  }

  /// What the keys do to the selected conversation; none if the selected row is none.
  var conversationKeys: [(key: String, word: String)] {
    guard opened == nil, explained == nil, !settings.isReadOnly, case .conversation(let id)? = selectedRow else {
      return []
    }
    let isTaken = displayed.waiting?[id]?.hand != nil
    return isTaken ? [("a", "hand back"), ("c", "close")] : [("Enter", "take"), ("t", "hand over"), ("c", "close")]
  }

  /// How many wait, by the worst of them; nil if none does.
  var waitingPart: StatusLine.Part? {
    guard let book = fleet.waiting, let urgent = book.mostUrgent(at: now) else { return nil }
    let count = book.waitingCount
    let who = count == 1 ? "1 waits" : "\(count) wait"
    let wait = Format.remaining(urgent.wait(at: now) ?? .zero)
    let state = book.serviceLevel(of: urgent, at: now) ?? .ok
    return .init(
      text: "\(who) for a person, \(wait), 8", role: WaitingWords.statusRole(state), rank: state == .over ? 1 : 3,
      short: "\(who), 8")
  }
}

/// How conversations that wait are shown.
enum WaitingWords {
  static func role(_ state: ServiceLevel?) -> Role {
    switch state {
    case .over: .bad
    case .near: .warning
    case .ok: .good
    case nil: .dim
    }
  }

  static func statusRole(_ state: ServiceLevel) -> Role {
    switch state {
    case .over: .statusBad
    case .near: .statusWarning
    case .ok: .statusBar
    }
  }

  static func state(_ state: ServiceLevel?) -> String { state?.rawValue ?? "taken" }
}
