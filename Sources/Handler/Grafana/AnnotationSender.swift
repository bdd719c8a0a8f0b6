import Automation
import FleetModel
import Grafana
import HTTP
import Logging
import Loop
import Wire

/// Brings annotations to Grafana, one request at a time, in order.
///
/// ```text
///   first ─┬─ it may be there ─▶ look for its mark ─┬─ there, goes on ─▶ next
///          │                                        ├─ there, ended ─▶ change it ─▶ next
///          │                                        └─ not there ─▶ post it ─▶ next
///          ├─ new ─▶ post it ─▶ next
///          └─ no answer ─▶ the same again, after a pause that grows
/// ```
/// While Grafana is away so many wait, and of more the oldest are dropped and counted.
///
/// A class, because the client's answers and the loop's timer share it.
final class AnnotationSender {
  struct Work {
    var annotation: Annotation
    /// The line of the audit that it tells of; nil if it is an incident.
    var entry: StreamID?
    /// Whether it may stand there already.
    var mayBeThere: Bool
    /// Grafana's number of it, once that is known.
    var number: Int?
  }

  private let session: LeaseSession
  private let client: any HTTPSender
  private var queue: [Work] = []
  /// The marks of what waits: most incidents that end are not among them.
  private var waiting: Set<String> = []
  /// Grafana's numbers of incidents that go on, by their marks.
  private var numbers: [String: Int] = [:]
  private var call: HTTPCall?
  private var failures = 0
  private var retriesAt = MonotonicTime(nanoseconds: 0)
  private var timer: Loop.TimerID?
  private var isAway = false
  /// The last line of the audit that needs nothing any more.
  private(set) var toldTo: StreamID?

  static let most = 1000
  private static let pauseMilliseconds: Int64 = 1000
  private static let longestPauseMilliseconds: Int64 = 60_000
  static let service = "grafana"

  init(session: LeaseSession, client: any HTTPSender) {
    (self.session, self.client) = (session, client)
  }

  private var grafana: GrafanaService? { session.options.grafana.flatMap { $0.annotates ? $0 : nil } }

  /// Whether a line of the audit waits to be told.
  var hasLines: Bool { queue.contains { $0.entry != nil } }

  func add(_ work: Work) {
    queue.append(work)
    waiting.insert(work.annotation.mark)
    if queue.count > Self.most {
      // The first one is on its way.
      remove(at: call == nil ? 0 : 1)
      session.counts.note(.dropped, to: Self.service)
    }
    turn()
  }

  /// An incident is over.
  ///
  /// - Parameter annotation: as it stands at its end.
  func end(_ annotation: Annotation) {
    let number = numbers.removeValue(forKey: annotation.mark)
    let isFirstOnItsWay = call != nil
    // One that nobody has been told of yet is told as a whole.
    if waiting.contains(annotation.mark), let place = queue.lastIndex(where: { $0.annotation.mark == annotation.mark }),
      place > 0 || !isFirstOnItsWay
    {
      queue[place].annotation = annotation
      return
    }
    add(Work(annotation: annotation, mayBeThere: number == nil, number: number))
  }

  /// Tries at once: there are other options.
  func retry() {
    (retriesAt, failures, isAway) = (MonotonicTime(nanoseconds: 0), 0, false)
    turn()
  }

  func stop() {
    call?.cancel()
    session.loop.cancel(timer)
    (call, timer, queue, waiting, numbers) = (nil, nil, [], [], [:])
  }

  // MARK: Requests

  private func turn() {
    guard call == nil, let grafana, let work = queue.first, MonotonicTime.now >= retriesAt, session.mayAct else {
      return
    }
    call = client.send(request(work, grafana)) { [weak self] result in
      guard let self, !session.isOver, call != nil else { return }
      call = nil
      take(session.log.redaction.apply(to: result), of: work)
      turn()
    }
  }

  private func request(_ work: Work, _ grafana: GrafanaService) -> HTTPRequest {
    var annotation = work.annotation
    annotation.text = session.log.redaction.apply(to: annotation.text)
    if let number = work.number {
      return GrafanaRequest.make("PATCH", "/api/annotations/\(number)", annotation.ending, of: grafana)
    }
    guard work.mayBeThere else { return GrafanaRequest.make("POST", "/api/annotations", annotation.json, of: grafana) }
    // A mark holds letters, digits, colons and hyphens alone.
    let query = "tags=\(Dashboard.tag)&tags=\(annotation.mark)&type=annotation&limit=1"
    return GrafanaRequest.make("GET", "/api/annotations?\(query)", of: grafana)
  }

  private func take(_ result: HTTPResult, of work: Work) {
    guard case .response(let response) = result, response.status == 200 else { return failed(result, work) }
    if isAway { session.log(.info, "Grafana takes annotations again") }
    (failures, isAway) = (0, false)
    let json = response.body.withUnsafeBytes { try? JSONValue.parse($0) }
    if work.number == nil, work.mayBeThere { return found(json?.list?.first?["id"]?.int, work) }
    keep(json?["id"]?.int, of: work)
    remove(at: 0)
    session.counts.note(.told, to: Self.service)
  }

  private func keep(_ number: Int?, of work: Work) {
    if work.entry == nil, work.annotation.end == nil { numbers[work.annotation.mark] = number }
  }

  /// It was looked for.
  private func found(_ number: Int?, _ work: Work) {
    guard let number else {
      queue[0].mayBeThere = false
      return
    }
    keep(number, of: work)
    // What was posted while this was asked for may have changed it since.
    if queue[0].annotation.end == nil { remove(at: 0) } else { queue[0].number = number }
  }

  private func failed(_ result: HTTPResult, _ work: Work) {
    switch GrafanaAnswer(result) {
    case .refused(let reason):
      // One that is gone was removed by somebody.
      if work.number == nil { say("Grafana refuses annotations", reason) }
      remove(at: 0)
      session.counts.note(.refused, to: Self.service)
    case .none(let reason, let asked):
      failures += 1
      let usual = Self.pauseMilliseconds << Int64(min(failures - 1, 6))
      let span = min(asked?.milliseconds ?? usual, Self.longestPauseMilliseconds)
      retriesAt = .now.adding(milliseconds: span)
      timer = session.later(inMilliseconds: span) { [weak self] in self?.turn() }
      say("Grafana takes no annotations; trying again", reason)
    }
  }

  private func remove(at place: Int) {
    let work = queue.remove(at: place)
    // An incident may wait twice: its beginning is on its way, and it has ended.
    if !queue.prefix(2).contains(where: { $0.annotation.mark == work.annotation.mark }) {
      waiting.remove(work.annotation.mark)
    }
    if let entry = work.entry { toldTo = max(toldTo ?? entry, entry) }
  }

  private func say(_ words: String, _ reason: String) {
    guard !isAway else { return }
    isAway = true
    session.log(.warning, words, ["reason": reason])
  }
}
