import Automation
import FleetModel

/// What is still to be told, channel by channel: whose turn it is, when, and what an answer means for the rest.
///
/// ```
/// added ─ its turn ─▶ sent ─┬─ told ────────────────▶ removed, or stands: sent again before the service forgets it
///            ▲              ├─ again ─▶ waits ─┐
///            └──────────────┼──────────────────┘
///                           ├─ refused, or its deadline ─▶ given up
///                           └─ gone ─▶ the channel is disabled, and all of it given up
/// ```
/// One request a channel at a time. What comes of one key stays in order; another key does not wait for it.
struct Outbox {
  private struct Lane {
    /// In the order of their ids.
    var entries: [OutboxEntry] = []
    var sending: OutboxEntry.ID?
    /// Nothing is sent before then.
    var notBefore = Instant.epoch
    /// How often in a row the service could not be reached, or was not well.
    var failures = 0
    /// Why nothing is to be sent there any more.
    var gone: String?

    /// The first of each key, and all that stands: those that wait for nothing but their time.
    var candidates: [OutboxEntry] {
      // What is newer says more than what only stands.
      let unsaid = Set(entries.filter { !$0.isActive }.map { ExactText($0.notice.key) })
      var keys: Set<ExactText> = []
      return entries.filter { entry in
        let key = ExactText(entry.notice.key)
        return entry.isActive ? !unsaid.contains(key) : keys.insert(key).inserted
      }
    }
  }

  enum Task: Equatable {
    case send(OutboxEntry)
    /// It has come to its end untold, with the reason.
    case giveUp(OutboxEntry, String)
    /// As the hash is to hold it.
    case keep(OutboxEntry)
    case remove(OutboxEntry)
    /// A channel is not used any more.
    case disable(channel: String, String)
  }

  private var lanes: [String: Lane] = [:]
  /// How long what stands is said again; then its group is forgotten too, and nobody would end it.
  private static let longestStand = TimeSpan.days(7)

  /// How many are to be told on each channel; what only stands is told already.
  var counts: [String: Int] { lanes.mapValues { lane in lane.entries.count { !$0.isActive } } }

  /// What a channel's service is told again and again, since it stands.
  func standing(on name: String) -> [Notice] { (lanes[name]?.entries ?? []).filter(\.isActive).map(\.notice) }

  /// Whether something of a key is on its way to a channel.
  func holds(_ key: ExactText, on name: String) -> Bool {
    lanes[name]?.entries.contains { ExactText($0.notice.key) == key } ?? false
  }

  mutating func add(_ entry: OutboxEntry) {
    var lane = lanes[entry.channel] ?? Lane()
    lane.entries.insert(entry, at: lane.entries.firstIndex { $0.id > entry.id } ?? lane.entries.endIndex)
    lanes[entry.channel] = lane
  }

  /// Tries channels again that were disabled: their address may be another one now.
  mutating func enableAll() {
    for name in lanes.keys { lanes[name]?.gone = nil }
  }

  /// When something is next to be done; nil if it waits for an answer, or for nothing.
  var next: Instant? {
    lanes.values.compactMap { lane in
      let deadline = lane.entries.filter { $0.id != lane.sending }.map(\.deadline).min()
      let turn = lane.sending == nil ? lane.candidates.map { max($0.next, lane.notBefore) }.min() : nil
      return [deadline, turn].compactMap(\.self).min()
    }.min()
  }

  // MARK: Whose turn it is

  /// What is due: at most one request a channel, which is under way from then on.
  ///
  /// - Parameter sends: whether requests may be begun.
  mutating func advance(at now: Instant, _ table: NotifyTable, sends: Bool = true) -> [Task] {
    lanes.keys.sorted().flatMap { name in
      var tasks = table[name]?.descriptor.editsMessages == true ? collapse(name) : []
      tasks += giveUp(name, isKnown: table[name] != nil, at: now)
      if sends, let entry = begin(name, at: now) { tasks.append(.send(entry)) }
      return tasks
    }
  }

  /// Of what is to be said by an edit only the newest counts. News that nothing takes back are no state of anything.
  private mutating func collapse(_ name: String) -> [Task] {
    guard let lane = lanes[name], lane.entries.count > 1 else { return [] }
    var newer: Set<ExactText> = []
    var superseded: [OutboxEntry] = []
    for entry in lane.entries.reversed() where entry.notice.status != .info {
      let isFirst = newer.insert(ExactText(entry.notice.key)).inserted
      if !isFirst, entry.id != lane.sending { superseded.append(entry) }
    }
    return superseded.reversed().map { remove($0) }
  }

  private mutating func giveUp(_ name: String, isKnown: Bool, at now: Instant) -> [Task] {
    guard let lane = lanes[name] else { return [] }
    var tasks: [Task] = []
    for entry in lane.entries where entry.id != lane.sending && isThere(entry) {
      guard let reason = reason(entry, lane, isKnown: isKnown, at: now) else { continue }
      tasks += end(entry, reason)
    }
    return tasks
  }

  private func reason(_ entry: OutboxEntry, _ lane: Lane, isKnown: Bool, at now: Instant) -> String? {
    guard isKnown else { return "no such channel is configured" }
    if let gone = lane.gone { return "the channel is disabled: \(gone)" }
    guard entry.deadline <= now else { return nil }
    let why = entry.failure.isEmpty ? "its turn did not come" : entry.failure
    return "not told in time, \(entry.attempts) attempts: \(why)"
  }

  private mutating func begin(_ name: String, at now: Instant) -> OutboxEntry? {
    guard let lane = lanes[name], lane.sending == nil, lane.notBefore <= now else { return nil }
    // What was put off stands behind what was not: a notice that its service chokes on keeps back no other.
    let entry = lane.candidates.filter { $0.next <= now }.min { ($0.next, $0.id) < ($1.next, $1.id) }
    lanes[name]?.sending = entry?.id
    return entry
  }

  // MARK: Answers

  /// What an answer means.
  ///
  /// - Parameter chance: 0..<1, for the time until the next attempt.
  mutating func take(
    _ outcome: DeliveryResult, of id: OutboxEntry.ID, on name: String, channel: Channel, at now: Instant, chance: Double
  ) -> [Task] {
    guard var lane = lanes[name], lane.sending == id, let place = lane.entries.firstIndex(where: { $0.id == id })
    else { return [] }
    lane.sending = nil
    lane.notBefore = now + channel.pace
    var entry = lane.entries[place]
    switch outcome {
    case .delivered(let pause):
      lane.failures = 0
      if let pause { lane.notBefore = max(lane.notBefore, now + pause) }
      lanes[name] = lane
      return arrived(entry, channel, at: now)
    case .retry(let reason, let asked):
      // Ignore a zero or past Retry-After.
      let pause = asked.flatMap { $0 > .zero ? $0 : nil }
      entry.attempts += 1
      entry.failure = reason
      if pause == nil { lane.failures += 1 }
      lane.notBefore = max(lane.notBefore, now + (pause ?? .backoff(after: lane.failures, chance: chance)))
      // A pause that the service asks for is not the notice's fault: it keeps its place.
      if pause == nil { entry.next = now + .backoff(after: entry.attempts, chance: chance) }
      lane.entries[place] = entry
      lanes[name] = lane
      return [.keep(entry)]
    case .refused(let reason):
      lanes[name] = lane
      return end(entry, reason)
    case .endpointGone(let reason):
      lane.gone = reason
      lanes[name] = lane
      return [.disable(channel: name, reason)] + end(entry, reason)
    }
  }

  private mutating func arrived(_ entry: OutboxEntry, _ channel: Channel, at now: Instant) -> [Task] {
    var tasks = older(than: entry).map { overtake($0, by: entry, channel, at: now) }
    guard let span = channel.descriptor.repeatsAfter,
      entry.notice.status == .firing || entry.notice.status == .updated
    else {
      return tasks + [remove(entry)]
    }
    var entry = entry
    entry.deadline = entry.isActive ? entry.deadline : now + Self.longestStand
    entry.isActive = true
    (entry.attempts, entry.failure) = (0, "")
    entry.next = now + span
    replace(entry)
    tasks.append(.keep(entry))
    return tasks
  }

  /// What stood of the same key is said by the newer one, or over. By another severity it is another alert to its service,
  /// which would call it over once nobody says it again: it stands until the end, and then that is said of it too.
  private mutating func overtake(_ old: OutboxEntry, by new: OutboxEntry, _ channel: Channel, at now: Instant) -> Task {
    guard old.notice.severity != new.notice.severity else { return remove(old) }
    guard new.notice.status == .resolved else { return .keep(old) }
    var old = old
    (old.notice.status, old.isActive) = (.resolved, false)
    (old.next, old.deadline) = (now, now + channel.deadline)
    replace(old)
    return .keep(old)
  }

  /// Whoever was told of what stands hears no more of it, and its service ends it by itself.
  private mutating func end(_ entry: OutboxEntry, _ reason: String) -> [Task] {
    _ = remove(entry)
    guard !entry.isActive else { return [.remove(entry)] }
    // What could not be said to be over is over all the same: nobody is to be told again that it stands.
    let over = entry.notice.status == .resolved ? older(than: entry).map { remove($0) } : []
    return over + [.giveUp(entry, reason)]
  }

  /// What stands of the same trouble.
  private func older(than entry: OutboxEntry) -> [OutboxEntry] {
    (lanes[entry.channel]?.entries ?? []).filter {
      $0.isActive && $0.id < entry.id && $0.notice.key.isExactly(entry.notice.key)
    }
  }

  private func isThere(_ entry: OutboxEntry) -> Bool {
    lanes[entry.channel]?.entries.contains { $0.id == entry.id } ?? false
  }

  private mutating func remove(_ entry: OutboxEntry) -> Task {
    lanes[entry.channel]?.entries.removeAll { $0.id == entry.id }
    return .remove(entry)
  }

  private mutating func replace(_ entry: OutboxEntry) {
    guard let place = lanes[entry.channel]?.entries.firstIndex(where: { $0.id == entry.id }) else { return }
    lanes[entry.channel]?.entries[place] = entry
  }
}
