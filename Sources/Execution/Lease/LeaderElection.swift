import FleetModel
import Wire

/// Who of several handlers acts, as a machine: asks for the lease, keeps it, and says when it is lost. It sees neither
/// Redis nor a clock.
///
/// ```
///                      take: nobody holds it
///   away ── up ──▶ standby ──────────────────────▶ active ── renewed every second
///    ▲               ▲                               │
///    └──── down ─────┴── refused, too late, released ┘
/// ```
/// One question is under way at a time. Whatever it is answered in standby leads to another question or to a pause.
package struct LeaderElection {
  enum State: Equatable {
    case away, standby
    case active(Lease, mayActUntil: Int64)
  }

  /// What Redis has been asked and has not answered yet.
  enum Question: Equatable {
    case lease(Lease, asked: Int64)
    case rights
    case holder
  }

  /// Whether Redis allows what a handler needs.
  enum Rights {
    case unknown
    case known
    /// Another has held the lease since it was asked: they may have changed meanwhile.
    case old
  }

  private let id: String
  private let patterns: [String]
  let spans: Spans
  var state = State.away
  private var question: Question?
  /// Into how many shards the fleet is divided; nil if it is not.
  private let shards: Int?
  /// Whether it may ask: a handler that cannot record yet waits.
  private var isCandidate = false
  /// Whether this lease falls to it: those of a divided fleet are spread over the handlers.
  private var isAdmitted = true
  /// The highest fence that this handler has seen, or had.
  private var highestFence = 0
  /// The lease as it was last written by this handler.
  var written: Lease?
  var fault: String?
  var warning: String?
  /// Why the lease that it took last does not count; nil if it does.
  private var unconfirmed: String?
  /// Since when it has heard the channels.
  private var listeningSince: Int64?
  /// Whether other handlers run: one of them may have listened for longer.
  private var mustYield = false
  private var hasYielded = false
  private var rights = Rights.unknown
  private var missing = MissingRights()
  /// When a refusal was last found to touch nothing that it needs.
  private var doubtedAt: Int64?
  /// When the lease was taken last, and whether another's fence was in the way of the last question.
  var takenAt: Int64?
  private var wasOutrun = false

  /// What is optional may be refused again and again: it is not asked for so soon again.
  private static let doubtSpan: Int64 = 10_000
  /// How long it lets others go first if it has heard nothing.
  private static let longestYield = 600.0

  /// - Parameter shards: into how many shards the fleet is divided; nil if it is not.
  package init(id: String, patterns: [String], spans: Spans, shards: Int? = nil) {
    self.id = id
    self.patterns = patterns
    self.spans = spans
    self.shards = shards
  }

  package var isActive: Bool {
    if case .active = state { true } else { false }
  }

  /// Takes what has happened, and says what to do next.
  package mutating func take(_ input: Input, at now: Moment) -> [Effect] {
    switch input {
    case .connected:
      (state, question, rights) = (.standby, nil, .unknown)
      return ask(now)
    case .disconnected:
      defer { (state, question) = (.away, nil) }
      return isActive ? [.lost("the connection is gone")] : []
    case .candidacy(let listens):
      if listens { listeningSince = now.running }
      guard !isCandidate else { return [] }
      isCandidate = true
      return ask(now)
    case .withdrawn:
      isCandidate = false
      return hearNothing()
    case .admission(let isAdmitted):
      self.isAdmitted = isAdmitted
      return ask(now)
    case .hearsNothing: return hearNothing()
    case .recording, .fault, .warning, .held, .levels: return change(input, now)
    case .release(let isComplete): return release(isComplete: isComplete)
    case .otherReleased(let isComplete):
      // Nothing was missed that one who has listened for longer would know.
      if isComplete { mustYield = false }
      return ask(now)
    case .lost(let reason): return lose(reason, now)
    case .rightsDoubted: return doubtRights(now)
    case .woken: return isActive ? renew(now) : ask(now)
    case .answered, .rightsFound, .holderFound, .refused: return answered(input, now)
    case .renewed(let fence, let asked):
      guard case .active(let lease, _) = state, lease.fence == fence else { return [] }
      state = .active(lease, mayActUntil: end(asked: asked))
      return [.prolonged(mayActUntil: end(asked: asked))]
    case .renewalRefused(let fence, let error, let refusal): return renewalRefused(fence, error, refusal, now)
    }
  }

  // MARK: Asking

  mutating func ask(_ now: Moment) -> [Effect] {
    guard state == .standby, isCandidate, isAdmitted, question == nil else { return [] }
    if yieldSpan(now) > 0 || rights == .old {
      question = .holder
      return [.lookForHolder]
    }
    guard rights == .known else { return lookAtRights() }
    hasYielded = false
    let lease = Lease(
      id: id, fence: max(highestFence + 1, min(now.leastFence, Self.mostByTime)), isRecording: false,
      patterns: patterns, since: now.server, fault: unconfirmed.map(Self.unconfirmedFault) ?? fault, warning: warning,
      shards: shards)
    question = .lease(lease, asked: now.boot)
    return [.ask(lease, former: written)]
  }

  private mutating func answered(_ input: Input, _ now: Moment) -> [Effect] {
    guard let asked = question else { return [] }
    switch (asked, input) {
    case (.lease(let lease, let asked), .answered(let answer)):
      question = nil
      return answered(answer, lease, asked: asked, now)
    case (.holder, .holderFound(let left)):
      question = nil
      return found(millisecondsLeft: left, now)
    case (.rights, .rightsFound(let found)):
      question = nil
      return self.found(found, now)
    case (.lease, .refused(let error, let isDenied)), (.holder, .refused(let error, let isDenied)):
      question = nil
      if isDenied { rights = .unknown }
      return [.say(.cannotTake(error)), .wake(afterMilliseconds: spans.attempt)]
    default: return []
    }
  }

  private mutating func answered(_ answer: Answer, _ lease: Lease, asked: Int64, _ now: Moment) -> [Effect] {
    let wasOutrunBefore = wasOutrun
    wasOutrun = false
    if case .unconfirmed(let reason) = answer { return remainUnconfirmed(lease, reason) }
    unconfirmed = nil
    switch answer {
    case .taken(let isNewCount):
      let until = end(asked: asked)
      var lease = lease
      (highestFence, written, takenAt) = (lease.fence, lease, now.running)
      lease.fault = fault
      state = .active(lease, mayActUntil: until)
      return (isNewCount ? [.say(.newCount(fence: lease.fence))] : [])
        + [.wake(afterMilliseconds: spans.renewal), .taken(fence: lease.fence, mayActUntil: until)]
    case .held(let left, let fence):
      highestFence = max(highestFence, fence)
      mustYield = true
      rights = .old
      return waitForEnd(in: left)
    case .outrun(let stored):
      // The fence stands higher than we knew: ask again with the next.
      highestFence = max(highestFence, stored)
      wasOutrun = true
      return wasOutrunBefore ? [.wake(afterMilliseconds: spans.attempt)] : ask(now)
    case .unusableFence:
      written = Self.unusable(lease)
      return [.say(.unusableFence), .wake(afterMilliseconds: spans.attempt)]
    case .unclear, .unconfirmed: return [.wake(afterMilliseconds: spans.attempt)]
    }
  }

  /// It holds the lease where it asked, but would act by what may be gone with that server: it takes it again until a
  /// replica confirms it, and has it say so meanwhile.
  private mutating func remainUnconfirmed(_ lease: Lease, _ reason: String) -> [Effect] {
    (highestFence, written) = (max(highestFence, lease.fence), lease)
    defer { unconfirmed = reason }
    return (unconfirmed == reason ? [] : [.say(.unconfirmed(reason))]) + [.wake(afterMilliseconds: spans.attempt)]
  }

  /// Said in the lease, so that consoles show it.
  static func unconfirmedFault(_ reason: String) -> String {
    "cannot lead: \(reason). Bring a replica back, or write durability = \"local\" to go on without"
  }

  /// A fence by a clock that is wrong by ages would leave no room above it: Lua's whole numbers end at 2^53.
  private static let mostByTime = 1 << 50

  /// Said in the log, and in the lease, so that consoles show it.
  package static let unusableFence =
    "no handler can lead: the fence is not below 2^53. Stop all handlers, delete the key agentos:fence, and start them"

  /// The lease that stands in the place of one that cannot be had, since the fence cannot be used.
  package static func unusable(_ lease: Lease) -> Lease {
    var excuse = lease
    (excuse.fence, excuse.fault) = (0, unusableFence)
    return excuse
  }

  /// If nobody holds the lease, those who have listened for longer get time to take it.
  ///
  /// Whoever gave it back may have lacked a right, so it also asks for its rights anew: one that took the lease by old ones
  /// would claim commands that it cannot run. A lease that lasts too long is left to the script that mends it.
  private mutating func found(millisecondsLeft left: Int64, _ now: Moment) -> [Effect] {
    if (1...spans.lease).contains(left) { return waitForEnd(in: left) }
    if rights == .old { rights = .unknown }
    let span = yieldSpan(now)
    guard span > 0 else { return ask(now) }
    hasYielded = true
    return [.wake(afterMilliseconds: span)]
  }

  /// Somebody holds it: ask again when it could end, and not much later than usual.
  private func waitForEnd(in left: Int64) -> [Effect] {
    [.wake(afterMilliseconds: min(spans.attempt, max(10, min(left, spans.attempt) + 5)))]
  }

  /// How long it lets others go first, in milliseconds: the longer, the less of what a dead recorder missed it has
  /// heard itself.
  private func yieldSpan(_ now: Moment) -> Int64 {
    guard mustYield, !hasYielded else { return 0 }
    let listened = listeningSince.map { now.running - $0 } ?? 0
    return Int64(Self.longestYield * (1 - min(1, Double(listened) / Double(spans.listening))))
  }

  private mutating func hearNothing() -> [Effect] {
    (listeningSince, mustYield) = (nil, true)
    return []
  }

  // MARK: Rights

  private mutating func lookAtRights() -> [Effect] {
    question = .rights
    return [.lookAtRights]
  }

  /// What is missing is said, and without what is needed the lease is given back.
  mutating func doubtRights(_ now: Moment) -> [Effect] {
    let isKnown = doubtedAt.map { now.running - $0 < Self.doubtSpan } ?? false
    guard state != .away, rights != .unknown, question == nil, !isKnown else { return [] }
    return lookAtRights()
  }

  private mutating func found(_ found: MissingRights, _ now: Moment) -> [Effect] {
    rights = found.needed.isEmpty ? .known : .unknown
    let words = tell(found)
    guard isActive else {
      return words + (rights == .known ? ask(now) : [.wake(afterMilliseconds: spans.attempt)])
    }
    doubtedAt = rights == .known ? now.running : nil
    return words + (rights == .known ? [] : release(isComplete: false))
  }

  /// Each finding is said once.
  private mutating func tell(_ found: MissingRights) -> [Effect] {
    defer { missing = found }
    var words: [Effect] = []
    if found != missing, !found.needed.isEmpty { words.append(.say(.rightsMissing(found.needed))) }
    if found.needed.isEmpty, !missing.needed.isEmpty { words.append(.say(.rightsAllowedAgain)) }
    if !found.optional.isEmpty, found.optional != missing.optional { words.append(.say(.actsWithout(found.optional))) }
    return words
  }
}
