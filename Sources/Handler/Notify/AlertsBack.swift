import Automation
import FleetModel
import HTTP
import Logging
import Loop
import Redis
import Wire

/// Brings back what people do about alerts in the services that called them, and takes there what is done here: reads
/// acknowledgements of PagerDuty's incidents, and keeps Alertmanager's silences in step with acknowledgements.
///
/// ```text
///  what stands on a channel ─▶ its alerts, as Redis has them ─▶ the service is asked ─┬─▶ ordinary commands here
///                                                                                     └─▶ silences there
/// ```
/// One round a channel at a time, one request after another; nothing is kept of it, so that any handler goes on. A class,
/// because the timer and the answers share it.
final class AlertsBack {
  /// What a service was told of, and the alerts that it is about.
  struct Standing: Equatable {
    var key: String
    var alerts: [AlertID]
  }

  let session: LeaseSession
  private let client: any HTTPSender
  /// What stands on a channel.
  let standing: (String) -> [Standing]
  private var calls: [String: HTTPCall] = [:]
  private var rounds: [String: BackRound] = [:]
  /// When a channel's next round is due.
  private var due: [String: Instant] = [:]
  private var timer: Loop.TimerID?
  /// What was said last of each channel: each is said once.
  private var said: [String: String] = [:]

  /// What was ordered of late: what stands in a service is read again and again.
  private var ordered: [CommandID] = []

  private static let span = TimeSpan.seconds(30)
  private static let mostOrdered = 1000
  /// After a service has refused who asks, and after an answer that is none.
  private static let refusedSpan = TimeSpan.minutes(5)
  /// How soon what was acknowledged here is looked at.
  private static let soon = TimeSpan.seconds(1)

  init(session: LeaseSession, client: any HTTPSender, standing: @escaping (String) -> [Standing]) {
    (self.session, self.client, self.standing) = (session, client, standing)
  }

  private var channels: [String: Channel] { session.options.notify.channels.filter { $0.value.readsBack } }

  func start() { arm() }

  func stop() {
    session.loop.cancel(timer)
    for call in calls.values { call.cancel() }
    (calls, rounds) = ([:], [:])
  }

  /// Something about an alert has changed: silences may have to.
  func alertChanged() {
    guard !channels.isEmpty else { return }
    for (name, channel) in channels where channel.kind == .alertmanager {
      due[name] = min(due[name] ?? session.now, session.now + Self.soon)
    }
    arm()
  }

  func optionsChanged() {
    due = due.filter { channels[$0.key] != nil }
    said = [:]
    arm()
  }

  // MARK: Turns

  /// Looks what is due by the clock as it is now, and waits for what is next.
  func look() { arm() }

  private func arm() {
    session.loop.cancel(timer)
    timer = nil
    let names = channels.keys.filter { rounds[$0] == nil }
    guard !names.isEmpty, !session.isFinishing, !session.isOver else { return }
    let next = names.map { due[$0] ?? session.now }.min() ?? session.now
    let span = min(max(50, (next - session.now).milliseconds), Self.span.milliseconds)
    timer = session.later(inMilliseconds: span) { [weak self] in self?.turn() }
  }

  private func turn() {
    guard !session.isFinishing else { return }
    for (name, channel) in channels where rounds[name] == nil && due[name] ?? session.now <= session.now {
      begin(name, channel)
    }
    arm()
  }

  private func begin(_ name: String, _ channel: Channel) {
    due[name] = session.now + Self.span
    let standing = standing(name)
    let ids = Array(Set(standing.flatMap(\.alerts)))
    guard !ids.isEmpty else { return go(name, BackRound(channel, standing: [], alerts: [:], at: session.now)) }
    // Its place is taken until the answer.
    rounds[name] = BackRound(channel, standing: [], alerts: [:], at: session.now)
    session.read([Request(["HMGET", session.keys.alerts] + ids.map(\.bytes))]) { [weak self] replies in
      guard let self else { return }
      var alerts: [AlertID: AlertRecord] = [:]
      for (id, value) in zip(ids, replies[0].elements ?? []) {
        alerts[id] = value.bytes.flatMap { AlertCoding.decode(id: id.bytes, payload: $0) }
      }
      go(name, BackRound(channel, standing: standing, alerts: alerts, at: session.now))
    }
  }

  private func go(_ name: String, _ round: BackRound) {
    rounds[name] = round
    guard let request = round.request(at: session.now) else { return over(name, round) }
    calls[name] = client.send(request) { [weak self] result in
      guard let self, !session.isOver, calls.removeValue(forKey: name) != nil, var round = rounds[name] else { return }
      guard let failure = round.take(result, redacted: session.log.redaction.apply(to: result), at: session.now) else {
        return go(name, round)
      }
      rounds[name] = nil
      due[name] = session.now + (failure.pause ?? Self.refusedSpan)
      session.counts.noteReading(isWell: false, on: name)
      say(name, failure.words)
      arm()
    }
  }

  private func over(_ name: String, _ round: BackRound) {
    rounds[name] = nil
    if round.hasAsked {
      session.counts.noteReading(isWell: true, on: name)
      if said.removeValue(forKey: name) != nil { session.log(.info, "a service is read again", ["channel": name]) }
    }
    order(round.commands)
    arm()
  }

  private func say(_ name: String, _ words: String) {
    guard said[name] != words else { return }
    said[name] = words
    session.log(.warning, "cannot read what people did there; trying again", ["channel": name, "reason": words])
  }

  /// Publishes ordinary commands: they are judged, audited and carried out as anybody's.
  private func order(_ commands: [Command]) {
    let commands = commands.filter { !ordered.contains($0.id) }
    guard !commands.isEmpty else { return }
    var transaction = Transaction()
    for command in commands {
      transaction.change("XADD", session.keys.commands, "*", Keys.dataField, CommandCoding.encode(command))
    }
    session.run(transaction) { [weak self] outcome in
      // What Redis refused is ordered again with the next round.
      guard let self, case .done = outcome else { return }
      ordered = Array((ordered + commands.map(\.id)).suffix(Self.mostOrdered))
    }
  }
}

extension AlertsBack: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    case .alert: alertChanged()
    case .alertsSaved, .record, .schedule, .automation, .unheard, .proposalEnded, .notices, .queueHands: break
    }
  }
}
