import Automation
import Execution
import FleetModel
import Redis
import Wire

/// What a transaction writes of what is remembered of one rule and agent.
extension RuleState {
  /// Lets a transaction go ahead only while all stands as it was read.
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
    for key in name(place)?.spellings ?? [] { transaction.change(command, key, all: arguments) }
  }
}
