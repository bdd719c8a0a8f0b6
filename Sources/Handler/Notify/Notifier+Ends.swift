import Automation
import FleetModel
import Logging
import Redis
import Wire

/// What becomes of requests, and of notices that nobody could be told.
extension Notifier {
  /// Counts what came of a request, and says it.
  func note(_ outcome: DeliveryResult, _ entry: OutboxEntry) {
    session.counts.note(HandlerCounts.Telling(outcome), on: entry.channel)
    switch outcome {
    case .delivered: session.log(.debug, "told", ["channel": entry.channel, "notice": entry.notice.key])
    case .retry(let reason, _):
      session.log(.warning, "could not tell; trying again", ["channel": entry.channel, "reason": reason])
    case .refused, .endpointGone: break
    }
  }

  /// It stays where a person finds it, and its end is said where consoles look.
  func giveUp(_ entry: OutboxEntry, _ reason: String) {
    session.counts.note(.givenUp, on: entry.channel)
    session.log(
      .error, "a notice is given up", ["channel": entry.channel, "notice": entry.notice.key, "reason": reason])
    DeadLetter(
      source: session.keys.notices, reason: "notice for \(entry.channel) given up: \(reason)", bytes: entry.encoded
    ).add(to: &pending, keys: session.keys)
    let now = session.now
    say(.failed, "\(entry.channel): \(reason): \(PlainText.line(entry.notice.title))", of: entry.notice.key, at: now)
    count(entry, at: now)
    if entry.notice.status == .resolved { endMessage(of: entry, at: now) }
    remove(entry.field)
  }

  /// Remembers that it was given up, and for a day: consoles that start later read less of the audit than that.
  private func count(_ entry: OutboxEntry, at now: Instant) {
    let (key, stays) = (session.keys.undelivered, UndeliveredNotices.stays)
    pending.attempt("ZADD", key, now, entry.field)
    pending.attempt("ZREMRANGEBYSCORE", key, "-inf", now - stays)
    pending.attempt("ZREMRANGEBYRANK", key, 0, -UndeliveredNotices.limit - 1)
    pending.attempt("PEXPIRE", key, stays.milliseconds)
  }

  /// What this version does not understand is put aside, if it can be found.
  func deadLetter(_ field: [UInt8], _ value: [UInt8]) {
    session.log(.error, "a notice is not understood", ["notice": String(decoding: field, as: UTF8.self)])
    DeadLetter(source: session.keys.notices, reason: "not a notice that this handler knows", bytes: value)
      .add(to: &pending, keys: session.keys)
    remove(field)
  }

  func say(_ phase: AuditLine.Phase, _ detail: String, of subject: String, at instant: Instant? = nil) {
    let line = AuditLine(
      origin: .run("notify/\(subject)"), phase: phase, action: Action.notify.rawValue, operator: "notifier",
      detail: detail, handler: session.options.id, at: instant ?? session.now,
      source: String(decoding: session.keys.notices, as: UTF8.self))
    pending.add(line, session.keys)
  }

  func sayLinks() {
    guard let fault = session.options.notify.linksFault else { return }
    session.log(.warning, "notices carry no links", ["reason": fault])
  }
}
