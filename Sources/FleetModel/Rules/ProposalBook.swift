/// The proposals that wait for a person's word.
package struct ProposalBook: Sendable {
  /// More than these nobody answers; the oldest leave.
  package static let limit = 200
  /// What came within this span may be newer than a picture of the whole.
  private static let pictureDoubt = TimeSpan.seconds(5)

  /// By id; open, though their time may have passed.
  private var proposals: [ProposalID: Proposal] = [:]
  /// Those that were answered or let lapse, and when they had been made: an older picture does not open them again.
  private var settled: [ProposalID: Instant] = [:]

  package init() {}

  /// The proposal, if it is open at a moment.
  package func open(_ id: ProposalID, at now: Instant) -> Proposal? {
    proposals[id].flatMap { $0.expiresAt > now ? $0 : nil }
  }

  /// All that are open at a moment, the first to expire first.
  package func open(at now: Instant) -> [Proposal] {
    guard !proposals.isEmpty else { return [] }
    return proposals.values.filter { $0.expiresAt > now }
      .sorted { ($0.expiresAt, $0.id.text) < ($1.expiresAt, $1.id.text) }
  }

  /// Takes one as it stands: open, or settled in some way.
  mutating func apply(_ proposal: Proposal) {
    guard proposal.state == .open else {
      proposals[proposal.id] = nil
      if settled.count >= 4 * Self.limit { settled.removeAll() }
      settled[proposal.id] = proposal.madeAt
      return
    }
    if let made = settled[proposal.id], proposal.madeAt <= made { return }
    proposals[proposal.id] = proposal
    guard proposals.count > Self.limit else { return }
    let oldest = proposals.values.min { ($0.madeAt, $0.id.text) < ($1.madeAt, $1.id.text) }
    if let oldest { proposals[oldest.id] = nil }
  }

  /// Takes all that there are of some, as they were at a moment.
  ///
  /// - Parameter isMeant: whether one would be among them; the others stay.
  mutating func set(_ all: [Proposal], at instant: Instant, _ isMeant: (Proposal) -> Bool = { _ in true }) {
    let present = Set(all.map(\.id))
    proposals = proposals.filter {
      present.contains($0.key) || instant - $0.value.madeAt < Self.pictureDoubt || !isMeant($0.value)
    }
    for proposal in all { apply(proposal) }
  }

  /// Forgets those whose time has passed.
  mutating func expire(at now: Instant) {
    guard proposals.contains(where: { $0.value.expiresAt <= now }) else { return }
    proposals = proposals.filter { $0.value.expiresAt > now }
  }
}
