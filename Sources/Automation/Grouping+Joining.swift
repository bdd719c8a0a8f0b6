import FleetModel

/// One message for one cause: what a rule has collected, and has told to nobody yet, goes into a group of another rule if
/// that tells the same channel of the same cause.
///
/// ```text
///   errors   ─ wait ─▶ message: 11 agents on gpt-4o ──────────▶ update: both rules ─▶ all-clear of both
///   latency      ─ wait ─▶ the same alerts' cause: it joins ──┘
/// ```
/// A group that was told stays: what people were told is ended where it was told. What no cause explains stays in its own
/// group. Where severities have messages of their own, nobody joins one that is less severe: it may wake nobody.
extension Grouping {
  /// The group that takes what a rule tells of an alert.
  ///
  /// - Parameter own: the rule's own group.
  func home(of notice: Notice, _ own: ID) -> ID {
    guard groups[own]?.members[ExactText(notice.key)] == nil, let rule = notice.rule else { return own }
    let joined = groups.keys.filter { $0.mayTake(own) && knows(notice.key, of: rule, $0) }
    return joined.min() ?? own
  }

  /// Moves what is due for the first time, and has a cause that another group tells of.
  ///
  /// - Returns: the groups that it changed.
  mutating func join(at now: Instant, _ causes: () -> [SharedCause]) -> Set<ID> {
    let new = groups.filter { $0.value.isNew(at: now) }
      .sorted { ($1.value.worst, $0.value.began, $0.key) < ($0.value.worst, $1.value.began, $1.key) }.map(\.key)
    guard !new.isEmpty else { return [] }
    var leading = groups.filter { $0.value.told != nil && $0.value.hasOpen }
      .sorted { ($1.value.worst, $0.value.told ?? now, $0.key) < ($0.value.worst, $1.value.told ?? now, $1.key) }
      .map(\.key)
    var (changed, known): (Set<ID>, [SharedCause]?) = ([], nil)
    for id in new {
      let leads = leading.filter { $0.mayTake(id) }
      if !leads.isEmpty {
        let causes = known ?? causes()
        known = causes
        for cause in causes {
          guard let lead = leads.first(where: { groups[$0]?.tells(of: cause) == true }) else { continue }
          if move(cause, from: id, to: lead, at: now) { changed.formUnion([id, lead]) }
        }
      }
      if groups[id]?.hasOpen == true { leading.append(id) }
    }
    return changed
  }

  /// - Returns: whether anything of the cause was there.
  private mutating func move(_ cause: SharedCause, from id: ID, to lead: ID, at now: Instant) -> Bool {
    let members = groups[id]?.members.filter { cause.alerts.contains($0.key) && $0.value.notice.isOpen } ?? [:]
    for key in members.keys.sorted() {
      guard var member = groups[id]?.members.removeValue(forKey: key) else { continue }
      if member.rules.isEmpty { member.rules = [id.rule] }
      groups[lead]?.join(member, lead.rule, at: now, spans)
    }
    if groups[id]?.members.isEmpty == true { groups[id] = nil }
    return !members.isEmpty
  }
}

extension Grouping.ID {
  /// Whether another group's members may be told by this one.
  fileprivate func mayTake(_ other: Grouping.ID) -> Bool {
    guard self != other, channel == other.channel else { return false }
    guard let severity, let least = other.severity else { return severity == nil && other.severity == nil }
    return severity >= least
  }
}

extension Grouping.Group {
  /// Whether its first message is due.
  fileprivate func isNew(at now: Instant) -> Bool { told == nil && hasOpen && due.map { $0 <= now } ?? false }

  fileprivate var worst: Severity { members.values.filter(\.notice.isOpen).map(\.notice.severity).max() ?? .low }

  fileprivate var began: Instant { members.values.map(\.notice.at).min() ?? lastNews }

  /// Whether most of what it tells has a cause.
  fileprivate func tells(of cause: SharedCause) -> Bool {
    let open = members.filter(\.value.notice.isOpen).keys
    return !open.isEmpty && 2 * open.count { cause.alerts.contains($0) } >= open.count
  }
}
