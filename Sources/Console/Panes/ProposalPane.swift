import FleetModel
import Screen

/// One proposal whole, as lines: shown in place of the panes while it is being answered.
extension Model {
  func proposalPane(of proposal: Proposal) -> DetailPane {
    let open = fleet.proposals.open(at: now)
    var summary = standing(of: proposal)
    if let index = open.firstIndex(where: { $0.id == proposal.id }), open.count > 1 {
      summary += "; \(index + 1) of \(open.count), Tab shows the next"
    }
    let frame = PaneFrame(
      title: "Proposal of \(Scrubber.display(proposal.rule))", summary: summary, isFocused: true, hasBorder: true)
    let made = "\(Format.clock(proposal.madeAt))Z"
    let lines: [DetailPane.Line] =
      [
        .pair("agent", name(proposal.agent), .text),
        .pair("because", proposal.reason.isEmpty ? "-" : Scrubber.display(proposal.reason), .text), .blank,
        .heading("Once approved, and if the agent's state still allows it"),
      ] + effectLines(proposal) + [
        .blank, .pair("proposed", made, .dim), .pair("id", Scrubber.display(proposal.id.text), .dim),
        .pair("sha256", Scrubber.display(proposal.digest), .dim),
      ]
    return DetailPane(frame: frame, lines: lines, top: proposalTop)
  }

  func effectLines(_ proposal: Proposal) -> [DetailPane.Line] {
    guard !proposal.steps.isEmpty else { return [.text("  nothing is done", .dim)] }
    return proposal.steps.enumerated().map { .text("  \($0 + 1). \($1.words(naming: name))", .text) }
  }

  /// How long it still stands; or that it does no longer.
  func standing(of proposal: Proposal) -> String {
    guard isStillOpen(proposal) else { return proposal.expiresAt <= now ? "has expired" : "has been answered" }
    return "stands for \(Format.remaining(proposal.expiresAt - now))"
  }

  /// The agent's open proposals, for its detail.
  func proposalLines(_ id: AgentID) -> [DetailPane.Line] {
    let open = fleet.proposals.open(at: now).filter { $0.agent == id }
    guard !open.isEmpty else { return [] }
    let answers = settings.isReadOnly ? "" : "; A approves, D declines"
    return open.flatMap { proposal -> [DetailPane.Line] in
      let title = "Proposal of \(Scrubber.display(proposal.rule)), \(standing(of: proposal))\(answers)"
      let reason =
        proposal.reason.isEmpty ? [] : [DetailPane.Line.text("  because \(Scrubber.display(proposal.reason))", .text)]
      return [.heading(title)] + reason + effectLines(proposal) + [.blank]
    }
  }
}
