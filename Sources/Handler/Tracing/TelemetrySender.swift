import FleetModel
import HTTP
import Logging
import Loop
import OpenTelemetry
import Redis
import Wire

/// Tells a collector of OpenTelemetry, in batches: one request of each signal at a time.
///
/// ```text
///   first record ─▶ a second, or a full batch ─▶ request ─┬─ 200 ─▶ the next batch
///                                                         ├─ 429, 502, 503, 504, none ─▶ the same after a pause
///                                                         └─ else ─▶ dropped, counted, said ─▶ the next batch
/// ```
/// A class, because the client's answers and the loop's timers share it.
final class TelemetrySender {
  private let loop: Loop
  private let client: any HTTPSender
  private let counts: HandlerCounts
  private let log: Log
  private let instance: String
  private var settings: TelemetrySettings?
  private var queues: [OTLP.Signal: TelemetryQueue] = [:]
  private var calls: [OTLP.Signal: HTTPCall] = [:]
  private var timers: [OTLP.Signal: Loop.TimerID] = [:]
  /// Signals that do not arrive; the log has said so.
  private var away: Set<OTLP.Signal> = []

  private static let waitMilliseconds: Int64 = 1000
  static let service = "otel"

  /// - Parameter instance: which of the handlers it is.
  init(loop: Loop, client: any HTTPSender, counts: HandlerCounts, log: Log, instance: String) {
    (self.loop, self.client, self.counts, self.log, self.instance) = (loop, client, counts, log, instance)
  }

  /// Goes on by other settings, or begins, or ends.
  func apply(_ settings: TelemetrySettings?) {
    guard settings != self.settings else { return }
    self.settings = settings
    log.follow = settings?.sendsLogs == true ? { [weak self] in self?.add($0) } : nil
    for signal in OTLP.Signal.allCases where !isOn(signal) {
      queues[signal] = nil
      cancel(signal)
    }
    away = []
    for signal in queues.keys where calls[signal] == nil { wait(signal, milliseconds: 0) }
  }

  func stop() {
    log.follow = nil
    for signal in OTLP.Signal.allCases { cancel(signal) }
    queues = [:]
  }

  private func cancel(_ signal: OTLP.Signal) {
    calls.removeValue(forKey: signal)?.cancel()
    loop.cancel(timers.removeValue(forKey: signal))
  }

  private func isOn(_ signal: OTLP.Signal) -> Bool {
    switch signal {
    case .traces: settings?.sendsTraces ?? false
    case .logs: settings?.sendsLogs ?? false
    }
  }

  /// From where the audit would have to be read again for the spans that wait.
  var openBefore: StreamID? { queues[.traces]?.openBefore }

  // MARK: Taking

  /// - Parameter place: the place in the audit before the line that it comes from; nil if it comes from none.
  func add(_ span: Span, before place: StreamID?) {
    add(.init(json: span.mapTexts { log.redaction.apply(to: $0) }.json, before: place), .traces)
  }

  private func add(_ line: Log.Record) {
    let severity: LoggedLine.Severity =
      switch line.level {
      case .debug: .debug
      case .info: .info
      case .warning: .warning
      case .error: .error
      }
    let attributes = line.values.map { TelemetryAttribute("vigia.\($0.key)", $0.value) }
    add(.init(json: LoggedLine(at: line.time, severity, line.message, attributes).json), .logs)
  }

  private func add(_ record: TelemetryQueue.Record, _ signal: OTLP.Signal) {
    guard isOn(signal) else { return }
    let dropped = queues[signal, default: TelemetryQueue()].add(record)
    if dropped > 0 { counts.note(.dropped, dropped, to: Self.service) }
    guard calls[signal] == nil else { return }
    if timers[signal] == nil { return wait(signal, milliseconds: Self.waitMilliseconds) }
    // After a failure it waits, however much there is.
    if queues[signal]?.isBatchFull == true, !away.contains(signal) { wait(signal, milliseconds: 0) }
  }

  private func wait(_ signal: OTLP.Signal, milliseconds: Int64) {
    loop.cancel(timers[signal])
    timers[signal] = loop.schedule(inMilliseconds: milliseconds) { [weak self] in
      self?.timers[signal] = nil
      self?.send(signal)
    }
  }

  // MARK: Telling

  private func send(_ signal: OTLP.Signal) {
    guard let settings, calls[signal] == nil, queues[signal]?.isEmpty == false else { return }
    let records = queues[signal]?.take() ?? []
    let source = OTLP.Source(service: settings.service, instance: instance, version: ProgramVersion.text)
    let request = HTTPRequest(
      method: "POST", url: settings.endpoint + signal.path,
      headers: settings.headers.map { .init($0.name, $0.value) } + [.init("Content-Type", "application/json")],
      body: OTLP.body(signal, records, from: source), timeout: settings.timeout)
    calls[signal] = client.send(request) { [weak self] result in
      guard let self, calls.removeValue(forKey: signal) != nil else { return }
      take(log.redaction.apply(to: result), signal)
    }
  }

  private func take(_ result: HTTPResult, _ signal: OTLP.Signal) {
    switch result {
    case .response(let response) where response.status == 200: taken(response, signal)
    case .response(let response) where [429, 502, 503, 504].contains(response.status):
      later(signal, response.words, asked: response.retryAfter(at: LocalClock.now))
    case .response(let response): refused(signal, response.words)
    case .failed(let failure): later(signal, failure.reason, asked: nil)
    }
  }

  private func taken(_ response: HTTPResponse, _ signal: OTLP.Signal) {
    let count = queues[signal]?.settle() ?? 0
    let (rejected, reason) = OTLP.rejected(signal, in: response.body)
    counts.note(.told, max(0, count - rejected), to: Self.service)
    if rejected > 0 {
      counts.note(.refused, min(rejected, count), to: Self.service)
      say("the collector takes a part of \(signal.rawValue)", reason, signal)
    } else if away.remove(signal) != nil {
      log(.info, "the collector takes \(signal.rawValue) again")
    }
    goOn(signal)
  }

  private func refused(_ signal: OTLP.Signal, _ reason: String) {
    counts.note(.refused, queues[signal]?.settle() ?? 0, to: Self.service)
    say("the collector refuses \(signal.rawValue)", reason, signal)
    goOn(signal)
  }

  private func later(_ signal: OTLP.Signal, _ reason: String, asked: TimeSpan?) {
    say("the collector does not take \(signal.rawValue); trying again", reason, signal)
    wait(signal, milliseconds: queues[signal]?.putBack(asked: asked) ?? Self.waitMilliseconds)
  }

  private func goOn(_ signal: OTLP.Signal) {
    guard let queue = queues[signal], !queue.isEmpty else { return }
    wait(signal, milliseconds: queue.isBatchFull ? 0 : Self.waitMilliseconds)
  }

  /// Once, until it is well again: what is said is a line of the log, which is told too.
  private func say(_ words: String, _ reason: String, _ signal: OTLP.Signal) {
    guard away.insert(signal).inserted else { return }
    log(.warning, words, ["reason": reason])
  }
}
