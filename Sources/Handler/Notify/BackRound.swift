import Automation
import FleetModel
import HTTP
import Wire

/// One round of questions to a service, one request after another, and the commands that come of it. Each kind of service
/// has its own.
struct BackRound {
  struct Failure: Equatable {
    var words: String
    /// Nil: what asks is refused, and nothing but other settings will change that.
    var pause: TimeSpan?
  }

  private enum Questions {
    case pagerDuty(PagerDutyRound)
    case alertmanager(AlertmanagerRound)
    case none
  }

  private var questions: Questions
  private(set) var hasAsked = false

  /// - Parameters:
  ///   - name: the channel's own.
  ///   - alerts: what stands on the channel, as it is at present.
  init(
    _ name: String, _ channel: Channel, standing: [AlertsBack.Standing] = [],
    alerts: [ToldAlert.Subject: ToldAlert] = [:], at now: Instant
  ) {
    questions =
      switch channel.kind {
      case .pagerduty: .pagerDuty(PagerDutyRound(name, channel, standing, alerts, at: now))
      case .alertmanager: .alertmanager(AlertmanagerRound(name, channel, standing, alerts, at: now))
      case .slack, .discord, .webhook: .none
      }
  }

  /// The next request; nil if nothing more is asked.
  func request(at now: Instant) -> HTTPRequest? {
    switch questions {
    case .pagerDuty(let round): round.request
    case .alertmanager(let round): round.request(at: now)
    case .none: nil
    }
  }

  var commands: [Command] {
    switch questions {
    case .pagerDuty(let round): round.commands
    case .alertmanager(let round): round.commands
    case .none: []
    }
  }

  /// What people did there to which nothing corresponds here.
  var unheard: [PagerDutyRound.Unheard] {
    switch questions {
    case .pagerDuty(let round): round.unheard
    case .alertmanager, .none: []
    }
  }

  /// - Returns: why the round is over before its end; nil if it goes on.
  mutating func take(_ answer: HTTPResult, redacted: HTTPResult, at now: Instant) -> Failure? {
    hasAsked = true
    guard case .response(let response) = answer, case .response(let told) = redacted else {
      guard case .failed(let failure) = redacted else { return nil }
      return Failure(words: failure.reason, pause: Self.usualPause)
    }
    switch questions {
    case .pagerDuty(var round):
      guard (200..<300).contains(response.status) else { return Self.failure(told, at: now) }
      guard !response.isCut, let json = response.json, round.take(json, at: now) else { return Self.unreadable(told) }
      questions = .pagerDuty(round)
    case .alertmanager(var round):
      // What has ended meanwhile needs no end.
      let isGone = response.status == 404 && round.toleratesMissing
      guard isGone || (200..<300).contains(response.status) else { return Self.failure(told, at: now) }
      guard !response.isCut, round.take(isGone ? nil : response.json, at: now) else { return Self.unreadable(told) }
      questions = .alertmanager(round)
    case .none: break
    }
    return nil
  }

  private static let usualPause = TimeSpan.seconds(30)

  private static func failure(_ response: HTTPResponse, at now: Instant) -> Failure {
    switch response.status {
    case 401, 402, 403: return Failure(words: response.words, pause: nil)
    case 429:
      let asked = [response.retryAfter(at: now), response.seconds("ratelimit-reset")].compactMap(\.self).max()
      return Failure(words: response.words, pause: max(asked ?? usualPause, usualPause))
    default: return Failure(words: response.words, pause: usualPause)
    }
  }

  private static func unreadable(_ response: HTTPResponse) -> Failure {
    Failure(words: "the answer is too long, or none of that service: \(response.words)", pause: usualPause)
  }
}

extension Command {
  /// What somebody did in another service, as an order of theirs here.
  ///
  /// - Parameters:
  ///   - act: where it was done.
  ///   - source: what was done there: the same act gives the same id, so that it counts once, whoever reads it.
  init(
    _ action: Action, _ alert: ToldAlert.Subject, _ arguments: [String: String] = [:], by who: String,
    in act: ServiceAct, of source: String, at then: Instant, now: Instant
  ) {
    let digest = SHA256.digest(Array("\(action.rawValue)\n\(source)\n".utf8) + alert.bytes)
    func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    var all = arguments
    all["alert"] = alert.description
    self.init(
      id: UUIDv7.make(at: then, random: (number(digest[0..<8]), number(digest[8..<16]))), action: action,
      arguments: all, operator: who, reason: act.reason, issuedAt: now, expiresAt: now + .minutes(1))
  }
}
