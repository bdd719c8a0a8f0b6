import Automation
import Execution
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
struct RuleState {
  private let rule: Rule
  private let run: String
  private let entry: StreamID
  private let isDry: Bool
  /// Where stands whether something has not cleared; nil if the rule has no `clear`.
  let uncleared: (key: [UInt8], field: [UInt8])?

  /// Keys in the order in which they are read; nil for what the rule has no use for.
  private let names: [MarkKey?]
  /// What stands under each of them.
  private var found: [Found] = []
  private var isUncleared = false

  /// The text of a mark, and the times in it, if it holds some: they are asked for more often than they are read.
  struct Found {
    var bytes: [UInt8] = []
    var times: [Instant] = []
  }

  init(_ rule: Rule, _ trigger: TriggerEvent, _ keys: Keys, isDry: Bool) {
    (self.rule, self.isDry) = (rule, isDry)
    run = trigger.run(of: rule)
    entry = trigger.entry
    uncleared = rule.clear == nil ? nil : (keys.uncleared, RecoveryWatcher.field(rule.id, trigger.agent))
    let start = keys.mark(isDry ? "dry/" : "")
    let part = trigger.agent.keyPart
    let texts = Self.names(rule, part, run: run, start)
    // An id without a byte that needs care is spelled alike by all versions.
    guard !part.utf8.elementsEqual(trigger.agent.bytes) else {
      names = texts.map { $0.map { MarkKey($0) } }
      return
    }
    let former = trigger.agent.escapedText
    names = zip(texts, Self.names(rule, former, run: trigger.run(of: rule, former), start)).map { key, former in
      key.map { MarkKey($0, former: former) }
    }
  }

  /// - Parameters:
  ///   - agent: the agent as it is spelled in keys.
  ///   - run: the run with that spelling.
  ///   - start: what all keys begin with.
  private static func names(_ rule: Rule, _ agent: String, run: String, _ start: [UInt8]) -> [[UInt8]?] {
    func key(_ name: String, _ id: String? = nil, _ agent: String? = nil) -> [UInt8] {
      var key = start
      key.reserveCapacity(start.count + name.utf8.count + (id?.utf8.count ?? 0) + (agent?.utf8.count ?? 0) + 1)
      key += name.utf8
      if let id { key += id.utf8 }
      if let agent {
        key.append(UInt8(ascii: "/"))
        key += agent.utf8
      }
      return key
    }
    let throttles = rule.throttle.enumerated().map { place, throttle in
      switch throttle.per {
      case .agent: key("throttle/\(place)/", rule.id, agent)
      case .rule: key("throttle/\(place)/", rule.id)
      case .fleet: key(throttle.onceAfter == nil ? "throttle/fleet" : "asked/fleet")
      }
    }
    let others = [
      key(run), rule.for.map { _ in key("for/", rule.id, agent) },
      rule.limits.perAgent.map { _ in key("limit/", rule.id, agent) },
      rule.limits.rate.map { _ in key("rate/", rule.id) }, key("held/", rule.id, agent),
      key("proposed/", rule.id, agent), rule.mayReachCaps ? key("proposed/rest/", rule.id, agent) : nil,
    ]
    return others + throttles
  }

  private enum Place: Int {
    case run, occurrences, actedOnAgent, acted, held, proposed, rest, throttles

    /// Whether times stand there.
    static func holdsTimes(_ place: Int) -> Bool {
      place >= throttles.rawValue || [occurrences, actedOnAgent, acted].contains { $0.rawValue == place }
    }
  }

  /// For how long a run's record stays: trouble may take days to clear, and what is taken back then stands in it.
  static func stay(clears: Bool) -> TimeSpan { clears ? .days(30) : HandlerOptions.marksStay }

  /// The mark that a rule has proposed something for an agent.
  private static func proposed(_ rule: String, _ agent: AgentID, _ keys: Keys) -> MarkKey {
    keys.mark(of: agent) { proposed(rule, $0) }
  }

  private static func proposed(_ rule: String, _ agent: String) -> String { "proposed/\(rule)/\(agent)" }

  private static func rest(_ rule: String, _ agent: String) -> String { "proposed/rest/\(rule)/\(agent)" }

  /// What a rule has proposed for an agent stands no longer.
  static func endProposal(_ rule: String, _ agent: AgentID, _ keys: Keys, in transaction: inout Transaction) {
    transaction.change("DEL", proposed(rule, agent, keys))
    transaction.change("DEL", keys.mark(of: agent) { rest(rule, $0) })
  }

  // MARK: Reading

  /// What must be read; ``take(_:)`` wants the answers.
  var requests: [Request] {
    names.compactMap { $0?.get } + (uncleared.map { [Request("HGET", $0.key, $0.field)] } ?? [])
  }

  mutating func take(_ replies: some Collection<Reply>) {
    var rest = replies[...]
    found = names.enumerated().map { place, name in
      name == nil ? Found() : Self.found(rest.popFirst()?.mark ?? [], at: place)
    }
    isUncleared = rest.first?.bytes?.isEmpty == false
  }

  /// What must be read, for ``RuleStateReader``: each key, and whether it is the same for all agents.
  func forEachKey(_ body: (MarkKey, _ isShared: Bool) -> Void) {
    for (place, name) in names.enumerated() {
      if let name { body(name, isShared(place)) }
    }
  }

  private func isShared(_ place: Int) -> Bool {
    let number = place - Place.throttles.rawValue
    return number >= 0 ? rule.throttle[number].per != .agent : place == Place.acted.rawValue
  }

  /// Takes what was read of each key, in the same order.
  ///
  /// - Parameter next: gives what stands under the next key, made of its text by what it gets.
  mutating func take(isUncleared: Bool, _ next: (([UInt8]) -> Found) -> Found) {
    found = names.enumerated().map { place, name in
      name == nil ? Found() : next { Self.found($0, at: place) }
    }
    self.isUncleared = isUncleared
  }

  private static func found(_ bytes: [UInt8], at place: Int) -> Found {
    Found(bytes: bytes, times: Place.holdsTimes(place) && !bytes.isEmpty ? times(bytes) : [])
  }

  /// The event's entry.
  func isOf(_ other: StreamID) -> Bool { entry == other }

  /// What was found where times or a reason stand and is neither; it is passed over.
  var odd: [(key: [UInt8], value: [UInt8])] {
    zip(names, found).enumerated().compactMap { place, pair in
      guard let name = pair.0, !pair.1.bytes.isEmpty, !isUnderstood(pair.1, place) else { return nil }
      return (name.key, pair.1.bytes)
    }
  }

  private func isUnderstood(_ found: Found, _ place: Int) -> Bool {
    if Place.holdsTimes(place) { return found.times.count == found.bytes.split(separator: UInt8(ascii: ",")).count }
    return place != Place.held.rawValue || held != nil
  }

  /// Whether the event has been decided under the rule before.
  var isDecided: Bool { !found[Place.run.rawValue].bytes.isEmpty }

  /// The reason to do nothing that was told last.
  private(set) var held: Decision.Suppression? {
    get {
      let bytes = found[Place.held.rawValue].bytes
      return bytes.isEmpty ? nil : Decision.Suppression(rawValue: String(decoding: bytes, as: UTF8.self))
    }
    set { found[Place.held.rawValue].bytes = Array((newValue?.rawValue ?? "").utf8) }
  }

  /// Whether what was beyond a cap is still proposed.
  var isRestProposed: Bool { !found[Place.rest.rawValue].bytes.isEmpty }

  /// The reason is being told.
  mutating func tell(_ suppression: Decision.Suppression) { held = suppression }

  func memory(at now: Instant) -> RuleHistory {
    var memory = RuleHistory(throttles: found.dropFirst(Place.throttles.rawValue).map(\.times.last))
    if let count = rule.for {
      // An event that is read again is not a second one.
      let others = occurrences.filter { $0 != "\(entry)" }.compactMap { Self.times(Array($0.utf8)).first }
      memory.occurrences = others.filter { now - $0 < count.within }
    }
    memory.actedOnAgent = rule.limits.perAgent.map { times(.actedOnAgent, within: $0.within, of: now) } ?? []
    memory.acted = rule.limits.rate.map { times(.acted, within: $0.within, of: now) } ?? []
    // In a dry run nothing acts, and so nothing has to clear.
    memory.isUncleared = rule.clear != nil && !isDry && isUncleared
    memory.isProposed = !found[Place.proposed.rawValue].bytes.isEmpty
    return memory
  }

  private var occurrences: [String] {
    found[Place.occurrences.rawValue].bytes.split(separator: UInt8(ascii: ",")).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  private func times(_ place: Place, within span: TimeSpan, of now: Instant) -> [Instant] {
    let all = found[place.rawValue].times
    // Nearly always all are recent, and the list is given away as it is.
    return all.allSatisfy { now - $0 < span } ? all : all.filter { now - $0 < span }
  }

  /// The times of a list of entries, or of times themselves; what is none is passed over.
  private static func times(_ bytes: [UInt8]) -> [Instant] {
    var times: [Instant] = []
    var (digits, isNumber, value) = (0, true, Int64(0))
    func end() {
      if digits > 0, isNumber { times.append(Instant(milliseconds: Int64(Bounded.int(value)))) }
    }
    var isBehindDash = false
    for byte in bytes {
      switch byte {
      case UInt8(ascii: ","):
        end()
        (digits, isNumber, value, isBehindDash) = (0, true, 0, false)
      case UInt8(ascii: "-"): isBehindDash = true
      case _ where isBehindDash: break
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        // More digits are no time of anybody's.
        isNumber = isNumber && digits < 18
        if isNumber { value = value * 10 + Int64(byte - UInt8(ascii: "0")) }
        digits += 1
      default: isNumber = false
      }
    }
    end()
    return times
  }

  // MARK: Writing

  /// Lets a step go ahead only while all stands as it was read.
  func require(in transaction: inout Transaction) {
    for (name, value) in zip(names, found) {
      if let name { transaction.require(name, is: value.bytes) }
    }
  }

  /// That the condition held, whatever is done about it.
  func addOccurrence(at now: Instant, to transaction: inout Transaction) {
    if let count = rule.for {
      let recent = occurrences.filter {
        $0 != "\(entry)" && Self.times(Array($0.utf8)).first.map { now - $0 < count.within } == true
      }
      write(.occurrences, recent + ["\(entry)"], for: count.within, to: &transaction)
    }
    for (place, throttle) in rule.throttle.enumerated() {
      guard let span = throttle.onceAfter else { continue }
      write(place, throttle, now, for: span, to: &transaction)
    }
  }

  /// That it acts: the run, and what later decisions count by.
  ///
  /// - Parameter waits: for how long it may wait for a person's word; what is remembered of it outlives that.
  func addAct(_ run: RunRecord, at now: Instant, waits: TimeSpan? = nil, to transaction: inout Transaction) {
    let stays = (Self.stay(clears: rule.clear != nil) + (waits ?? .zero)).milliseconds
    change("SET", .run, [run.encoded, "PX", stays], in: &transaction)
    if let limit = rule.limits.perAgent { add(.actedOnAgent, now, within: limit.within, to: &transaction) }
    if let limit = rule.limits.rate { add(.acted, now, within: limit.within, to: &transaction) }
    if rule.for != nil { change("DEL", .occurrences, [], in: &transaction) }
    if rule.clear != nil, !isDry {
      if let waits {
        change("SET", .proposed, [self.run, "PX", waits.milliseconds], in: &transaction)
      } else {
        if let uncleared { transaction.change("HSET", uncleared.key, uncleared.field, self.run) }
      }
    }
    for (place, throttle) in rule.throttle.enumerated() {
      guard let span = throttle.onceWithin else { continue }
      write(place, throttle, now, for: span, to: &transaction)
    }
  }

  /// That what is beyond a cap is proposed.
  func addRest(for span: TimeSpan, to transaction: inout Transaction) {
    change("SET", .rest, [run, "PX", span.milliseconds], in: &transaction)
  }

  /// That the event has been decided, and why nothing is done.
  func addSuppression(_ suppression: Decision.Suppression, for span: TimeSpan, to transaction: inout Transaction) {
    change("SET", .held, [suppression.rawValue, "PX", span.milliseconds], in: &transaction)
  }

  /// What all rules share must not end with the shortest of their spans.
  private func write(
    _ place: Int, _ throttle: Rule.Throttle, _ now: Instant, for span: TimeSpan, to transaction: inout Transaction
  ) {
    let stays = throttle.per == .fleet ? Rule.Throttle.longest : span
    change("SET", Place.throttles.rawValue + place, [now, "PX", stays.milliseconds], in: &transaction)
  }

  private func add(_ place: Place, _ now: Instant, within span: TimeSpan, to transaction: inout Transaction) {
    let times = times(place, within: span, of: now) + [now]
    write(place, times.map { "\($0.milliseconds)" }, for: span, to: &transaction)
  }

  /// No more of them than the longest list that is kept.
  private func write(_ place: Place, _ list: [String], for span: TimeSpan, to transaction: inout Transaction) {
    let text = list.suffix(Rule.Count.most).joined(separator: ",")
    change("SET", place, [text, "PX", span.milliseconds], in: &transaction)
  }

  private func change(
    _ command: String, _ place: Place, _ arguments: [any RequestArgument], in transaction: inout Transaction
  ) {
    change(command, place.rawValue, arguments, in: &transaction)
  }

  /// Changes a mark that the rule has a use for, under each spelling of its key.
  private func change(
    _ command: String, _ place: Int, _ arguments: [any RequestArgument], in transaction: inout Transaction
  ) {
    for key in names[place]?.spellings ?? [] { transaction.change(command, key, all: arguments) }
  }
}
