import FleetModel
import Screen

/// The switch of the rules, their proposals, and why they did or did not act.
extension Model {
  // MARK: The switch

  /// A turn of the switch, with the mode that is likely to be wanted.
  func switchDraft() -> ActionDraft {
    let next: AutomationMode =
      switch fleet.automation.setting.mode {
      case .on: .off
      case .dry, .off, nil: .on
      }
    return ActionDraft(action: .automation, targets: [], arguments: ["mode": next.rawValue])
  }

  /// Whether an undo would turn the switch, which no single key may do.
  func turnsSwitch(_ draft: ActionDraft) -> Bool {
    guard draft.action == .undo, let id = draft.arguments["command_id"] else { return false }
    return fleet.commands[CommandID(id)]?.action == Action.automation.rawValue
  }

  // MARK: Proposals

  /// The proposal that an answer is for: the selected row's, else the selected agent's, else the first to expire.
  var answerable: Proposal? {
    let open = fleet.proposals.open(at: now)
    guard !open.isEmpty else { return nil }
    if opened == nil, explained == nil, case .command(let key)? = selectedRow,
      let id = fleet.commands[key: key]?.proposal, let proposal = open.first(where: { $0.id == id })
    {
      return proposal
    }
    return open.first { $0.agent == selectedAgent } ?? open.first
  }

  mutating func answerDraft(_ action: Action) -> ActionDraft? {
    guard let proposal = answerable else {
      show(note: "no proposal waits for an answer")
      return nil
    }
    // If nobody knows how it stands, the handler says.
    if action == .approve, let mode = fleet.automation.setting.mode, mode != .on {
      show(note: "automation is \(mode.rawValue): nothing approved would be done; m switches it on")
      return nil
    }
    proposalTop = 0
    return draft(action, answering: proposal)
  }

  private func draft(_ action: Action, answering proposal: Proposal) -> ActionDraft {
    ActionDraft(
      action: action, targets: [], arguments: ["proposal": proposal.id.text, "sha256": proposal.digest],
      proposal: proposal)
  }

  /// Takes the keys that look at a proposal while the question of it is open; false for all others.
  mutating func browse(_ draft: ActionDraft, _ proposal: Proposal, _ key: Key) -> Bool {
    switch key {
    case .up: proposalTop -= 1
    case .down: proposalTop += 1
    case .pageUp: proposalTop -= 10
    case .pageDown: proposalTop += 10
    case .tab: return askNext(after: draft, proposal)
    case .character, .paste, .burst, .enter, .escape, .backTab, .backspace, .delete, .insert, .left, .right, .home,
      .end, .function, .control:
      return false
    }
    proposalTop = max(0, proposalTop)
    return true
  }

  private mutating func askNext(after draft: ActionDraft, _ proposal: Proposal) -> Bool {
    let open = fleet.proposals.open(at: now)
    guard let first = open.first else { return false }
    let index = open.firstIndex { $0.id == proposal.id }
    let next = index.map { open[($0 + 1) % open.count] } ?? first
    proposalTop = 0
    confirm(self.draft(draft.action, answering: next))
    return true
  }

  /// Whether an answer still has something to answer: the very proposal that was shown.
  func isStillOpen(_ proposal: Proposal) -> Bool {
    fleet.proposals.open(proposal.id, at: now)?.digest == proposal.digest
  }

  // MARK: Why

  /// Explains the selected row; what is explained already leads to its agent.
  mutating func explain() -> [Effect] {
    let row =
      explained.map(whoseRow) ?? opened.map(RowID.agent)
      ?? (coming.isShown ? selectedRow.map(whoseRow) : selectedRow)
    guard let row else {
      show(note: "select an agent, an alert or an action to see why rules did or did not act")
      return []
    }
    if case .queue = row {
      show(note: "no rule acts on a queue")
      return []
    }
    if case .conversation = row {
      show(note: "no rule takes a conversation, gives it back or ends it")
      return []
    }
    (explained, explainedTop, trace) = (row, 0, .looking)
    return incident(of: row).map { [.traceEvent($0)] } ?? []
  }

  private func whoseRow(_ row: RowID) -> RowID { agent(of: row).map(RowID.agent) ?? row }

  /// What a row of the security alerts stands for.
  func incident(of row: RowID) -> Incident? {
    guard case .incident(_, let number) = row else { return nil }
    // Newest stand last, and those in view are mostly the newest.
    return displayed.incidents.security.last { $0.number == number }
  }
}
