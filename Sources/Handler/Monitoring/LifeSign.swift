import FleetModel
import HTTP
import Logging
import Loop

/// Tells a service outside, again and again, that the leader acts and reads in time. Where it does not, the service is
/// told nothing, and calls people by itself: what watches must not depend on what it watches.
///
/// ```text
///   looks each second ─▶ in time? ─┬─ no ─────────▶ tells nothing
///                                  └─ yes, and due ─▶ request ─┬─ 2xx ─▶ due again after the span
///                                                              └─ else ─▶ due again soon
/// ```
/// A class, because the loop's timer and the answer share it.
final class LifeSign {
  private let session: LeaseSession
  private let client: any HTTPSender
  /// Why the handler does not read in time; nil if it does.
  private let obstacle: () -> String?
  private var call: HTTPCall?
  private var due = MonotonicTime(nanoseconds: 0)
  /// What was said last: each is said once.
  private var said: String?

  private static let lookMilliseconds: Int64 = 1000
  /// After an answer that is none it is tried again so soon.
  private static let retryMilliseconds: Int64 = 5000
  private static let timeout = TimeSpan.seconds(10)

  init(session: LeaseSession, client: any HTTPSender, obstacle: @escaping () -> String?) {
    (self.session, self.client, self.obstacle) = (session, client, obstacle)
  }

  func start() { look() }

  func stop() {
    call?.cancel()
    call = nil
  }

  private func look() {
    session.later(inMilliseconds: Self.lookMilliseconds) { [weak self] in self?.look() }
    guard let heartbeat = session.options.heartbeat, call == nil, MonotonicTime.now >= due else { return }
    guard session.mayAct, !session.isFinishing else { return }
    if let obstacle = obstacle() {
      session.counts.note(.withheld)
      return say("the heartbeat is withheld", obstacle)
    }
    send(heartbeat)
  }

  private func send(_ heartbeat: HeartbeatSettings) {
    let request = HTTPRequest(url: heartbeat.url, timeout: Self.timeout)
    call = client.send(request) { [weak self] result in
      guard let self, !session.isOver else { return }
      call = nil
      if let failure = Self.failure(session.log.redaction.apply(to: result)) {
        session.counts.note(.failed)
        due = .now.adding(milliseconds: min(Self.retryMilliseconds, heartbeat.span.milliseconds))
        return say("the heartbeat does not arrive; trying again", failure)
      }
      session.counts.note(.sent)
      due = .now.adding(milliseconds: heartbeat.span.milliseconds)
      if said != nil { session.log(.info, "the heartbeat arrives again") }
      said = nil
    }
  }

  private func say(_ words: String, _ reason: String) {
    guard said != words else { return }
    said = words
    session.log(.warning, words, ["reason": reason])
  }

  /// Why an answer is none; nil if the service has taken it.
  private static func failure(_ result: HTTPResult) -> String? {
    switch result {
    case .failed(let failure): failure.reason
    case .response(let response): (200..<300).contains(response.status) ? nil : response.words
    }
  }
}
