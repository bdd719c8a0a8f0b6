import FleetModel
import Screen

/// One proposal whole, as lines: shown in place of the panes while it is being answered. What would be done comes first
/// and is never cut.
extension Model {
  func proposalPane(of proposal: Proposal, in rect: Rect) -> DetailPane {
    // The frame, and a blank on either side.
    let columns = rect.width - 4
    let lines: [DetailPane.Line] =
      effectLines(proposal, columns, isWhole: true) + followUpLines(proposal, columns)
      + reasonLines(proposal, columns) + [
        .blank, .pair("agent", name(proposal.agent), .text),
        .pair("proposed", "\(Format.clock(proposal.madeAt))Z", .dim),
      ] + DetailPane.Line.wrapped("id \(Scrubber.display(proposal.id.text))", columns: columns, .dim)
      + DetailPane.Line.wrapped("sha256 \(Scrubber.display(proposal.digest))", columns: columns, .dim) + [.blank]
      + DetailPane.Line.wrapped(
        "After approval each agent's state is checked again before anything is done.", columns: columns, .dim)
    let isWhole = lines.count <= rect.height - 2
    let frame = PaneFrame(
      title: "Proposal of \(Scrubber.display(proposal.rule))",
      summary: (isWhole ? "" : "up and down scroll; ") + summary(of: proposal), isFocused: true, hasBorder: true)
    return DetailPane(frame: frame, lines: lines, top: proposalTop)
  }

  /// No detail of an agent needs more.
  private static let mostEffects = 200

  private func summary(of proposal: Proposal) -> String {
    let open = fleet.proposals.open(at: now)
    guard open.count > 1, let index = open.firstIndex(where: { $0.id == proposal.id }) else {
      return standing(of: proposal)
    }
    return "\(standing(of: proposal)); \(index + 1) of \(open.count), Tab: next"
  }

  /// - Parameter isWhole: whether nothing is left out, however much there is: what a code is about to be typed for.
  private func effectLines(_ proposal: Proposal, _ columns: Int, isWhole: Bool = false) -> [DetailPane.Line] {
    guard !proposal.steps.isEmpty else { return [.text("nothing is done", .dim)] }
    let most = isWhole ? proposal.steps.count : Self.mostEffects
    let lines = proposal.steps.prefix(most).enumerated().flatMap { index, step in
      DetailPane.Line.wrapped(
        "\(index + 1). \(step.words(naming: name))", columns: columns, .text, isWhole: isWhole)
    }
    let rest = proposal.steps.count - most
    return rest > 0 ? lines + [.text("and \(rest) more that are not shown", .bad)] : lines
  }

  /// What may follow without a further question.
  private func followUpLines(_ proposal: Proposal, _ columns: Int) -> [DetailPane.Line] {
    proposal.followUpWords(naming: name).flatMap {
      DetailPane.Line.wrapped($0, columns: columns, .dim, isWhole: true)
    }
  }

  private func reasonLines(_ proposal: Proposal, _ columns: Int) -> [DetailPane.Line] {
    guard !proposal.reason.isEmpty else { return [] }
    return DetailPane.Line.wrapped("because \(Scrubber.display(proposal.reason))", columns: columns, .text)
  }

  /// How long it still stands; or that it does no longer.
  func standing(of proposal: Proposal) -> String {
    if isStillOpen(proposal) { return "stands for \(Format.remaining(proposal.expiresAt - now))" }
    if proposal.expiresAt <= now { return "has expired" }
    return fleet.proposals.open(proposal.id, at: now) == nil ? "has been answered" : "has become another"
  }

  /// The agent's open proposals, for its detail.
  func proposalLines(_ id: AgentID, _ columns: Int) -> [DetailPane.Line] {
    let open = fleet.proposals.open(at: now).filter { $0.agent == id }
    let answers = settings.isReadOnly ? "" : "; A approves, D declines"
    return open.flatMap { proposal -> [DetailPane.Line] in
      let title = "Proposal of \(Scrubber.display(proposal.rule)), \(standing(of: proposal))\(answers)"
      return [.heading(title)] + effectLines(proposal, columns) + reasonLines(proposal, columns) + [.blank]
    }
  }
}
