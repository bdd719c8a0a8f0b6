import Automation
import FleetModel
import Redis
import Wire

/// What is remembered of one rule and agent, in Redis, with the bytes by which a step makes sure that it still stands.
///
/// | key | what |
/// |---|---|
/// | `mark:<run>` | the run's record; there once it is decided |
/// | `mark:throttle/<n>/<rule>[/<agent>]` | when the rule's n-th throttle was last acted under, or asked for |
/// | `mark:throttle/fleet`, `mark:asked/fleet` | when any rule with a throttle of the fleet acted, and was asked for |
/// | `mark:for/<rule>/<agent>` | the entries for which the condition held |
/// | `mark:limit/<rule>/<agent>`, `mark:rate/<rule>` | when it acted |
/// | `mark:held/<rule>/<agent>` | that a reason to do nothing has been told |
/// | `mark:proposed/<rule>/<agent>` | that a rule with `clear` has proposed something, for as long as that stands |
/// | `mark:proposed/rest/<rule>/<agent>` | that what is beyond a cap has been proposed, for as long as that stands |
/// | `mark:rules/uncleared` (a hash) | `<rule>/<agent>` → the run that has not been followed by `clear`; never of a dry run |
///
/// Times are epoch ms with commas between them, entries begin with theirs; each key ends by itself. In a dry run all of them begin with `dry/`.
struct RuleMarks {
  private let rule: Rule
  private let run: String
  /// The event's entry.
  let entry: String
  private let isDry: Bool
  private let uncleared: (key: [UInt8], field: [UInt8])

  /// Keys in the order in which they are read.
  private let names: [MarkKey]
  private var found: [[UInt8]] = []
  private var unclearedRun: [UInt8] = []

  init(_ rule: Rule, _ occasion: Occasion, _ keys: Keys, isDry: Bool) {
    (self.rule, self.isDry) = (rule, isDry)
    run = occasion.run(of: rule)
    entry = "\(occasion.entry)"
    let start = isDry ? "dry/" : ""
    uncleared = (keys.uncleared, Clearing.field(rule.id, occasion.agent))
    let (part, former) = (occasion.agent.keyPart, occasion.agent.unmistakable)
    let texts = Self.names(rule, part, run: run)
    guard part != former else {
      names = texts.map { MarkKey(keys.mark(start + $0)) }
      return
    }
    names = zip(texts, Self.names(rule, former, run: occasion.run(of: rule, former))).map { text, former in
      MarkKey(keys.mark(start + text), former: keys.mark(start + former))
    }
  }

  /// - Parameters:
  ///   - agent: the agent as it is spelled in keys.
  ///   - run: the run with that spelling.
  private static func names(_ rule: Rule, _ agent: String, run: String) -> [String] {
    let throttles = rule.throttle.enumerated().map { place, throttle in
      switch throttle.per {
      case .agent: "throttle/\(place)/\(rule.id)/\(agent)"
      case .rule: "throttle/\(place)/\(rule.id)"
      case .fleet: throttle.onceAfter == nil ? "throttle/fleet" : "asked/fleet"
      }
    }
    let others = [
      run, "for/\(rule.id)/\(agent)", "limit/\(rule.id)/\(agent)", "rate/\(rule.id)", "held/\(rule.id)/\(agent)",
      proposed(rule.id, agent), rest(rule.id, agent),
    ]
    return others + throttles
  }

  private enum Place: Int { case run, occurrences, actedOnAgent, acted, held, proposed, rest, throttles }

  /// For how long a run's record stays: trouble may take days to clear, and what is taken back then stands in it.
  static func stay(clears: Bool) -> TimeSpan { clears ? .days(30) : HandlerOptions.marksStay }

  /// The mark that a rule has proposed something for an agent.
  private static func proposed(_ rule: String, _ agent: AgentID, _ keys: Keys) -> MarkKey {
    keys.mark(of: agent) { proposed(rule, $0) }
  }

  private static func proposed(_ rule: String, _ agent: String) -> String { "proposed/\(rule)/\(agent)" }

  private static func rest(_ rule: String, _ agent: String) -> String { "proposed/rest/\(rule)/\(agent)" }

  /// What a rule has proposed for an agent stands no longer.
  static func endProposal(_ rule: String, _ agent: AgentID, _ keys: Keys, in step: inout Step) {
    step.change("DEL", proposed(rule, agent, keys))
    step.change("DEL", keys.mark(of: agent) { rest(rule, $0) })
  }

  /// What must be read; ``take(_:)`` wants the answers.
  var requests: [Request] {
    names.map(\.get) + [Request("HGET", uncleared.key, uncleared.field)]
  }

  mutating func take(_ replies: ArraySlice<Reply>) {
    found = replies.dropLast().map { $0.mark ?? [] }
    unclearedRun = replies.last?.bytes ?? []
  }

  /// Whether the event has been decided under the rule before.
  var isDecided: Bool { !found[Place.run.rawValue].isEmpty }

  /// The reason to do nothing that was told last.
  private(set) var held: Decision.Hold? {
    get { Decision.Hold(rawValue: String(decoding: found[Place.held.rawValue], as: UTF8.self)) }
    set { found[Place.held.rawValue] = Array((newValue?.rawValue ?? "").utf8) }
  }

  /// Whether what was beyond a cap is still proposed.
  var isRestProposed: Bool { !found[Place.rest.rawValue].isEmpty }

  /// The reason is being told.
  mutating func tell(_ hold: Decision.Hold) { held = hold }

  func memory(at now: Instant) -> RuleMemory {
    var memory = RuleMemory(throttles: found.dropFirst(Place.throttles.rawValue).map { Self.times($0).last })
    // An event that is read again is not a second one.
    let others = occurrences.filter { $0 != entry }.compactMap(Self.time(of:))
    memory.occurrences = rule.for.map { count in others.filter { now - $0 < count.within } } ?? []
    memory.actedOnAgent = rule.limits.perAgent.map { times(.actedOnAgent, within: $0.within, of: now) } ?? []
    memory.acted = rule.limits.rate.map { times(.acted, within: $0.within, of: now) } ?? []
    // In a dry run nothing acts, and so nothing has to clear.
    memory.isUncleared = rule.clear != nil && !isDry && !unclearedRun.isEmpty
    memory.isProposed = !found[Place.proposed.rawValue].isEmpty
    return memory
  }

  private var occurrences: [String] {
    found[Place.occurrences.rawValue].split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
  }

  private func times(_ place: Place, within span: TimeSpan, of now: Instant) -> [Instant] {
    Self.times(found[place.rawValue]).filter { now - $0 < span }
  }

  private static func times(_ bytes: [UInt8]) -> [Instant] {
    bytes.split(separator: UInt8(ascii: ",")).compactMap { time(of: String(decoding: $0, as: UTF8.self)) }
  }

  /// The time of an entry, or a time itself.
  private static func time(of text: String) -> Instant? {
    Bounded.int(text.prefix { $0 != "-" }).map { Instant(milliseconds: Int64($0)) }
  }

  // MARK: Writing

  /// Lets a step go ahead only while all stands as it was read.
  func require(in step: inout Step) {
    for (name, value) in zip(names, found) { step.require(name, is: value) }
  }

  /// That the condition held, whatever is done about it.
  func addOccurrence(at now: Instant, to step: inout Step) {
    if let count = rule.for {
      let recent = occurrences.filter { $0 != entry && Self.time(of: $0).map { now - $0 < count.within } == true }
      write(.occurrences, recent + [entry], for: count.within, to: &step)
    }
    for (place, throttle) in rule.throttle.enumerated() {
      guard let span = throttle.onceAfter else { continue }
      write(place, throttle, now, for: span, to: &step)
    }
  }

  /// That it acts: the run, and what later decisions count by.
  ///
  /// - Parameter waits: for how long it may wait for a person's word; what is remembered of it outlives that.
  func addAct(_ run: RunRecord, at now: Instant, waits: TimeSpan? = nil, to step: inout Step) {
    let stays = (Self.stay(clears: rule.clear != nil) + (waits ?? .zero)).milliseconds
    step.change("SET", names[0], run.encoded, "PX", stays)
    if let limit = rule.limits.perAgent { add(.actedOnAgent, now, within: limit.within, to: &step) }
    if let limit = rule.limits.rate { add(.acted, now, within: limit.within, to: &step) }
    if rule.for != nil { step.change("DEL", names[Place.occurrences.rawValue]) }
    if rule.clear != nil, !isDry {
      if let waits {
        step.change("SET", names[Place.proposed.rawValue], self.run, "PX", waits.milliseconds)
      } else {
        step.change("HSET", uncleared.key, uncleared.field, self.run)
      }
    }
    for (place, throttle) in rule.throttle.enumerated() {
      guard let span = throttle.onceWithin else { continue }
      write(place, throttle, now, for: span, to: &step)
    }
  }

  /// That what is beyond a cap is proposed.
  func addRest(for span: TimeSpan, to step: inout Step) {
    step.change("SET", names[Place.rest.rawValue], run, "PX", span.milliseconds)
  }

  /// That the event has been decided, and why nothing is done.
  func addHold(_ hold: Decision.Hold, for span: TimeSpan, to step: inout Step) {
    step.change("SET", names[Place.held.rawValue], hold.rawValue, "PX", span.milliseconds)
  }

  /// What all rules share must not end with the shortest of their spans.
  private func write(_ place: Int, _ throttle: Rule.Throttle, _ now: Instant, for span: TimeSpan, to step: inout Step) {
    let stays = throttle.per == .fleet ? Rule.Throttle.longest : span
    step.change("SET", names[Place.throttles.rawValue + place], now, "PX", stays.milliseconds)
  }

  private func add(_ place: Place, _ now: Instant, within span: TimeSpan, to step: inout Step) {
    let times = times(place, within: span, of: now) + [now]
    write(place, times.map { "\($0.milliseconds)" }, for: span, to: &step)
  }

  /// No more of them than the longest list that is kept.
  private func write(_ place: Place, _ list: [String], for span: TimeSpan, to step: inout Step) {
    let text = list.suffix(Rule.Count.most).joined(separator: ",")
    step.change("SET", names[place.rawValue], text, "PX", span.milliseconds)
  }
}
