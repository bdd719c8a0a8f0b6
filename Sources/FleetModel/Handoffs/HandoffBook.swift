/// Which conversations are to change hands, and who was asked to take them.
package struct HandoffBook: Equatable, Sendable {
  /// That one needs no other agent any more.
  package struct End: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
      case accepted(by: AgentID)
      /// An event of that kind settled it.
      case settled(EventKind)
      /// Nobody takes it: it waits for a person.
      case givenUp(why: String)
    }

    package var handoff: Handoff
    package var kind: Kind

    package init(_ handoff: Handoff, _ kind: Kind) { (self.handoff, self.kind) = (handoff, kind) }
  }

  package private(set) var handoffs: [Handoff.ID: Handoff] = [:]

  package init() {}

  /// More than this are not in hand at once: what comes then waits for a person.
  package static let most = 512

  package var isEmpty: Bool { handoffs.isEmpty }
  package var isFull: Bool { handoffs.count >= Self.most }

  package subscript(id: Handoff.ID) -> Handoff? { handoffs[id] }

  /// Takes one as it stands in the store, or as it goes on.
  package mutating func set(_ handoff: Handoff) { handoffs[handoff.id] = handoff }

  package mutating func remove(_ id: Handoff.ID) { handoffs[id] = nil }

  /// Takes what an event says.
  ///
  /// - Returns: that one is at its end by that.
  package mutating func apply(_ news: HandoffNews) -> End? {
    switch news {
    case .requested(let asked): return request(asked)
    case .accepted(let id, let agent):
      guard let handoff = handoffs[id] else { return nil }
      // Whoever has it has it, also if another was asked meanwhile: the agent that asked gives it away once.
      guard let who = agent ?? handoff.standing?.agent ?? handoff.offers.last?.agent else { return nil }
      handoffs[id] = nil
      return End(handoff, .accepted(by: who))
    case .refused(let id, let agent, let why):
      // What one says that was asked before is no word on the present one.
      guard let standing = handoffs[id]?.standing, agent == nil || agent == standing.agent else { return nil }
      handoffs[id]?.fail(why.isEmpty ? "refused" : "refused: \(why)")
    case .settled(let id, let kind):
      return handoffs.removeValue(forKey: id).map { End($0, .settled(kind)) }
    }
    return nil
  }

  private mutating func request(_ asked: Handoff) -> End? {
    guard let known = handoffs[asked.id] else {
      if isFull { return End(asked, .givenUp(why: "\(Self.most) conversations change hands already")) }
      handoffs[asked.id] = asked
      return nil
    }
    var next = asked
    next.since = min(known.since, asked.since)
    // If another one asks, the conversation has got there: nobody who did not take it before is asked again.
    next.offers = known.offers
    if known.agent != asked.agent {
      for index in next.offers.indices where next.offers[index].fault == nil { next.offers[index].fault = "asks again" }
    }
    handoffs[asked.id] = next
    return nil
  }

  /// Says of standing offers why they have come to nothing.
  ///
  /// - Parameters:
  ///   - span: how long who was asked may take.
  ///   - fault: why an agent takes none any more; nil if it may.
  /// - Returns: of which.
  package mutating func failOffers(at now: Instant, within span: TimeSpan, fault: (AgentID) -> String?) -> [Handoff.ID]
  {
    var failed: [Handoff.ID] = []
    for (id, handoff) in handoffs {
      guard let standing = handoff.standing else { continue }
      let words = standing.until <= now ? "said nothing for \(span.rounded)" : fault(standing.agent)
      guard let words else { continue }
      handoffs[id]?.fail(words)
      failed.append(id)
    }
    return failed
  }

  /// Those for which somebody is to be chosen, who asked first at the front.
  package var undecided: [Handoff] {
    handoffs.values.filter { $0.standing == nil }.sorted { left, right in
      left.since == right.since ? ExactText(left.id.text) < ExactText(right.id.text) : left.since < right.since
    }
  }

  package var hasUndecided: Bool { handoffs.values.contains { $0.standing == nil } }

  /// When the next standing offer has been open for too long.
  package var nextLimit: Instant? { handoffs.values.lazy.compactMap { $0.standing?.until }.min() }
}
