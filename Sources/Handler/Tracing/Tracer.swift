import Execution
import FleetModel
import OpenTelemetry
import Wire

/// Makes spans of what the handler does: of the audit, and of the calls of services and programs.
///
/// Ids of spans follow from what they tell of. So a handler that takes over reads the audit again from the oldest command
/// that was not over, and says the same as the one before.
///
/// A class, because the audit's reader and the calls' ends share it.
final class Tracer {
  private let session: LeaseSession
  private let sender: TelemetrySender
  private var builder: SpanBuilder
  private var tail: AuditTail?

  init(session: LeaseSession, sender: TelemetrySender) {
    (self.session, self.sender) = (session, sender)
    builder = SpanBuilder(prefix: session.options.prefix.text)
  }

  /// Begins or ends, by the options.
  func optionsChanged() {
    guard session.options.telemetry?.sendsTraces == true else { return stop() }
    guard tail == nil else { return }
    builder = SpanBuilder(prefix: session.options.prefix.text)
    session.onCall = { [weak self] in self?.take($0) }
    let tail = AuditTail(
      TelemetrySender.service, reach: SpanBuilder.patience, session: session, take: { [weak self] in self?.take($0) },
      told: { [weak self] in self?.told(of: $0) })
    self.tail = tail
    tail.start()
  }

  func stop() {
    session.onCall = nil
    tail?.stop()
    tail = nil
  }

  private func take(_ line: AuditTail.Line) {
    for span in builder.take(line.line, before: line.before) { sender.add(span, before: line.before) }
  }

  private func told(of read: StreamID) -> StreamID {
    [builder.openBefore, sender.openBefore].compactMap(\.self).min() ?? read
  }

  private func take(_ call: EndedCall) {
    let prefix = session.options.prefix.text
    var failure: String?
    switch call.result {
    case .done: break
    case .failed(let reason), .unknown(let reason): failure = reason
    }
    let attributes = [
      TelemetryAttribute("vigia.action", call.call.name),
      TelemetryAttribute("vigia.agent", call.call.target.description),
      TelemetryAttribute("vigia.id", call.origin),
    ]
    let span = Span(
      call.context(prefix: prefix), parent: TraceContext(call.origin, .whole, prefix: prefix),
      name: "call \(call.call.name)", kind: .client, start: call.start, end: call.end, attributes: attributes,
      failure: failure)
    sender.add(span, before: nil)
  }
}

extension EndedCall {
  /// The span that it is.
  func context(prefix: String) -> TraceContext { TraceContext(call, of: origin, prefix: prefix) }
}
