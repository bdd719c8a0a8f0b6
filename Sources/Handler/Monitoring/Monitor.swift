import Exposition
import FleetModel
import Loop

/// Answers those who watch a handler: whether it lives, what it is, and its metrics.
///
/// | path | who may ask | answer |
/// |---|---|---|
/// | `/healthz` | anybody | 200 as long as the loop turns |
/// | `/readyz` | anybody; the reason only with the token | 200 if it leads or could take over, otherwise 503 |
/// | `/metrics` | with the token, if there is one | the page |
///
/// A page is made in pieces, between which the loop does everything else. Whoever asks for a page that is being made gets
/// the same one. Of a divided fleet the page tells each shard by a label. A class, because all who wait share it.
package final class Monitor {
  /// What is told of: a handler, or its part for one shard.
  struct Part {
    /// Nil if the fleet is not divided.
    let shard: Int?
    let counts: HandlerCounts
    let probe: StreamProbe
    let picture: () -> HandlerPicture
    let fleet: () -> ShownFleet?
  }

  private let loop: Loop
  private let parts: [Part]
  private var settings = MonitoringSettings()
  private var making: [ExpositionFormat: Making] = [:]
  private var scrapes = 0
  private var lastSeconds = 0.0

  private struct Making {
    let page: MetricsPage
    let since: MonotonicTime
    var waiting: [(ServedReply) -> Void]
  }

  /// So long a page is made without a pause, and so long it then rests, in milliseconds.
  private static let slice = 0.25
  private static let rest: Int64 = 1

  /// - Parameter parts: one, or one for each shard in their order.
  init(loop: Loop, _ parts: [Part]) {
    (self.loop, self.parts) = (loop, parts)
    ProcessFacts.noteStart()
  }

  /// Goes on by other settings.
  func apply(_ settings: MonitoringSettings) {
    self.settings = settings
    let isOn = settings.address != nil
    for part in parts {
      part.counts.isOn = part.counts.isOn || isOn
      if isOn { part.probe.start() } else { part.probe.stop() }
    }
  }

  // MARK: Answering

  /// Answers a request; `reply` is called once.
  package func answer(_ request: ServedRequest, _ reply: @escaping (ServedReply) -> Void) {
    guard request.method == "GET" || request.method == "HEAD" else {
      return reply(ServedReply(405, "only GET and HEAD are served", headers: ["Allow": "GET, HEAD"]))
    }
    guard !request.hasBody else { return reply(ServedReply(413, "a request may have no body")) }
    switch request.path {
    case "/healthz": reply(ServedReply(200, "alive"))
    case "/readyz": reply(readiness(isTrusted: isAllowed(request)))
    case "/metrics":
      guard isAllowed(request) else {
        return reply(ServedReply(401, "a bearer token is needed", headers: ["WWW-Authenticate": "Bearer"]))
      }
      guard let format = Self.format(of: request) else {
        return reply(ServedReply(400, "format is text or openmetrics"))
      }
      make(format, reply)
    case "/": reply(ServedReply(200, "vigia-handler: /metrics, /healthz, /readyz"))
    default: reply(ServedReply(404, "no such page; there are /metrics, /healthz and /readyz"))
    }
  }

  /// What the query asks for, or else the header; nil if the query asks for another one.
  private static func format(of request: ServedRequest) -> ExpositionFormat? {
    switch request.format {
    case nil: ExpositionFormat(accept: request.accept)
    case "text": .text
    case "openmetrics": .openMetrics
    case .some: nil
    }
  }

  private func isAllowed(_ request: ServedRequest) -> Bool {
    guard let token = settings.token else { return true }
    return BearerToken(token).admits(request.authorization)
  }

  private func readiness(isTrusted: Bool) -> ServedReply {
    let readiness = Readiness(parts.map { (shard: $0.shard, role: $0.picture().role) })
    return ServedReply(readiness.isReady ? 200 : 503, isTrusted ? readiness.words : readiness.title)
  }

  // MARK: Pages

  private func make(_ format: ExpositionFormat, _ reply: @escaping (ServedReply) -> Void) {
    scrapes += 1
    guard making[format] == nil else {
      making[format]?.waiting.append(reply)
      return
    }
    let process = ProcessFacts.now
    let sources = parts.map {
      MetricsPage.Sources(
        shard: $0.shard, picture: $0.picture(), counts: $0.counts, streams: $0.probe.streams, process: process,
        scrapes: scrapes, lastSeconds: lastSeconds, fleet: $0.fleet(), mostAgents: settings.agents / parts.count)
    }
    making[format] = Making(page: MetricsPage(format, sources), since: .now, waiting: [reply])
    goOn(format)
  }

  private func goOn(_ format: ExpositionFormat) {
    loop.schedule(inMilliseconds: Self.rest) { [weak self] in
      guard let self, let page = making[format]?.page else { return }
      let start = MonotonicTime.now
      repeat { page.advance() } while !page.isOver && MonotonicTime.now.milliseconds(since: start) < Self.slice
      if page.isOver { finish(format) } else { goOn(format) }
    }
  }

  private func finish(_ format: ExpositionFormat) {
    guard let made = making.removeValue(forKey: format) else { return }
    lastSeconds = MonotonicTime.now.milliseconds(since: made.since) / 1000
    let reply = ServedReply(200, contentType: format.contentType, body: made.page.pieces)
    for waiting in made.waiting { waiting(reply) }
  }
}
