import Automation
import Execution
import FleetModel
import Redis
import Wire

/// What is remembered of one rule and agent, in Redis, with the bytes by which a transaction makes sure that it still
/// stands: see ``MarkSpelling``. Besides there is `mark:rules/uncleared` (a hash): `<rule>/<agent>` → the run that has
/// not been followed by `clear`; never of a dry run.
///
/// Times are epoch ms with commas between them, entries begin with theirs; each key ends by itself.
struct RuleState {
  let prepared: PreparedRule
  private let spelling: MarkSpelling
  let entry: StreamID
  let agent: AgentID
  /// The agent as it is spelled in keys.
  private let part: [UInt8]
  /// As the version before spelled it, if it did otherwise.
  private let formerPart: [UInt8]?
  /// What stands under each key.
  var found: [Found] = []
  private var isUncleared = false

  /// The text of a mark, and the times in it, if it holds some: they are asked for more often than they are read.
  struct Found {
    var bytes: [UInt8] = []
    var times: [Instant] = []
  }

  typealias Place = MarkSpelling.Place

  init(_ rule: PreparedRule, _ trigger: TriggerEvent, isDry: Bool) {
    prepared = rule
    spelling = isDry ? rule.dryMarks : rule.marks
    (entry, agent) = (trigger.entry, trigger.agent)
    // An id without a byte that needs care is spelled alike by all versions.
    guard !agent.isKeyPart else {
      (part, formerPart) = (agent.bytes, nil)
      return
    }
    part = Array(agent.keyPart.utf8)
    let former = Array(agent.escapedText.utf8)
    formerPart = former == part ? nil : former
  }

  var rule: Rule { spelling.rule }
  var isDry: Bool { spelling.isDry }
  var run: String { "rule/\(rule.id)/\(entry)/\(String(decoding: part, as: UTF8.self))" }

  /// Nil for what the rule has no use for.
  func name(_ place: Int) -> MarkKey? {
    spelling.key(place, entry, part).map { MarkKey($0, former: formerPart.flatMap { spelling.key(place, entry, $0) }) }
  }

  var names: [MarkKey?] { (0..<spelling.count).map { name($0) } }

  /// Where stands whether something has not cleared; nil if the rule has no `clear`.
  var uncleared: (key: [UInt8], field: [UInt8])? {
    spelling.uncleared.map { ($0, RecoveryWatcher.field(prepared.id, agent)) }
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

  /// A proposal is not to be done. Of the handler's own the run goes with it: where one is still known, it was approved.
  static func end(_ proposal: Proposal, _ keys: Keys, in transaction: inout Transaction) {
    endProposal(proposal.rule, proposal.agent, keys, in: &transaction)
    if OwnRule(rawValue: proposal.rule) != nil { transaction.change("DEL", keys.mark(proposal.id.text)) }
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

  /// For ``RuleStateReader``: each key that the rule has a use for.
  func forEachPlace(_ body: (Int) -> Void) { spelling.places.forEach(body) }

  /// Whether the key is the same for all agents. It has one spelling then.
  func isShared(_ place: Int) -> Bool { spelling.isShared(place) }

  /// Which rule's keys they are, in a dry run or not.
  var spellingID: ObjectIdentifier { ObjectIdentifier(spelling) }

  /// How many spellings a key has.
  var spellings: Int { formerPart == nil ? 1 : 2 }

  func key(_ place: Int) -> [UInt8] { spelling.key(place, entry, part) ?? [] }

  /// Appends a key in all its spellings.
  func append(_ place: Int, to keys: inout EncodedArguments) {
    spelling.append(place, entry, part, to: &keys)
    if let formerPart, !isShared(place) { spelling.append(place, entry, formerPart, to: &keys) }
  }

  /// Takes what was read of each key that the rule has a use for, in their order.
  ///
  /// - Parameter next: gets the number of the key, its place, and what makes something of its text.
  mutating func take(isUncleared: Bool, _ next: (_ number: Int, _ place: Int, ([UInt8]) -> Found) -> Found) {
    found = Array(repeating: Found(), count: spelling.count)
    for (number, place) in spelling.places.enumerated() {
      found[place] = next(number, place) { Self.found($0, at: place) }
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

  var occurrences: [String] {
    found[Place.occurrences.rawValue].bytes.split(separator: UInt8(ascii: ",")).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  func times(_ place: Place, within span: TimeSpan, of now: Instant) -> [Instant] {
    let all = found[place.rawValue].times
    // Nearly always all are recent, and the list is given away as it is.
    return all.allSatisfy { now - $0 < span } ? all : all.filter { now - $0 < span }
  }

  /// The times of a list of entries, or of times themselves; what is none is passed over.
  static func times(_ bytes: [UInt8]) -> [Instant] {
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
}
