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
  /// - Parameter holder: who has taken the conversation last, if that is known.
  /// - Returns: that one is at its end by that.
  package mutating func apply(_ news: HandoffNews, after holder: AgentID? = nil) -> End? {
    switch news {
    case .requested(let asked): return request(asked, holder)
    case .accepted(let id, let agent, let sender):
      guard let handoff = handoffs[id], let who = handoff.taker(agent, from: sender) else { return nil }
      handoffs[id] = nil
      return End(handoff, .accepted(by: who))
    case .refused(let id, let agent, let why):
      // What one says that was asked before is no word on the present one.
      guard let handoff = handoffs[id], let standing = handoff.standing else { return nil }
      guard agent.map({ $0 == standing.agent }) ?? (handoff.offers.count == 1) else { return nil }
      handoffs[id]?.fail(why.isEmpty ? "refused" : "refused: \(why)")
    case .settled(let id, let kind):
      return handoffs.removeValue(forKey: id).map { End($0, .settled(kind)) }
    }
    return nil
  }

  private mutating func request(_ asked: Handoff, _ holder: AgentID?) -> End? {
    guard let known = handoffs[asked.id] else {
      if isFull { return End(asked, .givenUp(why: "\(Self.most) conversations change hands already")) }
      handoffs[asked.id] = asked
      return nil
    }
    // Nobody asks for another agent in place of the one that has it.
    let mayHaveIt = known.agent == asked.agent || holder == asked.agent
    guard mayHaveIt || known.offers.contains(where: { $0.agent == asked.agent }) else { return nil }
    // What cannot be read says nothing new.
    if asked.isUnread, known.agent == asked.agent { return nil }
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
  ///   - now: up to when all answers are known.
  ///   - span: how long who was asked may take.
  ///   - most: no more are failed at once.
  ///   - left: conversations that events tell more of than the book holds: they are left as they are.
  ///   - fault: why an agent takes none any more; nil if it may.
  /// - Returns: the conversations whose offers have failed.
  package mutating func failOffers(
    at now: Instant, within span: TimeSpan, atMost most: Int = .max, besides left: Set<Handoff.ID> = [],
    fault: (AgentID) -> String?
  ) -> [Handoff.ID] {
    var failed: [Handoff.ID] = []
    for (id, handoff) in handoffs where !left.contains(id) {
      guard failed.count < most else { break }
      guard let standing = handoff.standing else { continue }
      let words = standing.until <= now ? "said nothing for \(span.rounded)" : fault(standing.agent)
      guard let words else { continue }
      handoffs[id]?.fail(words)
      failed.append(id)
    }
    return failed
  }

  /// Lets no standing offer be open for longer than one may: the clock was set back, or the settings say less now.
  ///
  /// - Returns: the conversations whose offers end sooner now.
  package mutating func limitOffers(at now: Instant, within span: TimeSpan, atMost most: Int = .max) -> [Handoff.ID] {
    // Two servers' clocks are never quite the same.
    let latest = now + span + .seconds(1)
    let late = handoffs.values.lazy.filter { $0.standing.map { $0.until > latest } ?? false }.prefix(most).map(\.id)
    let ids = Array(late)
    for id in ids { handoffs[id]?.limitOffer(to: now + span) }
    return ids
  }

  /// How many conversations each agent is asked to take at present.
  package var asked: [AgentID: Int] {
    var counts: [AgentID: Int] = [:]
    for case let offer? in handoffs.values.lazy.map(\.standing) { counts[offer.agent, default: 0] += 1 }
    return counts
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
