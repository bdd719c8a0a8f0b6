import FleetModel
import Wire

/// A piece of work with its beginning and end.
package struct Span: Equatable, Sendable {
  /// The numbers of OTLP's `Span.SpanKind`.
  package enum Kind: Int64, Sendable {
    case `internal` = 1
    /// It asks another program, and waits for its answer.
    case client = 3
    /// It takes what another program has put into a queue.
    case consumer = 5
  }

  package var context: TraceContext
  /// The span that it is a part of; nil for the whole.
  package var parent: TraceContext?
  package var name: String
  package var kind: Kind
  package var start: Instant
  package var end: Instant
  package var attributes: [TelemetryAttribute]
  /// Why it failed; nil if it did not.
  package var failure: String?

  package init(
    _ context: TraceContext, parent: TraceContext? = nil, name: String, kind: Kind = .internal, start: Instant,
    end: Instant, attributes: [TelemetryAttribute] = [], failure: String? = nil
  ) {
    (self.context, self.parent, self.name, self.kind) = (context, parent, name, kind)
    // Two clocks may have told its ends.
    (self.start, self.end) = (min(start, end), end)
    (self.attributes, self.failure) = (attributes, failure)
  }

  /// The same with every text changed: without secrets.
  package func mapTexts(_ change: (String) -> String) -> Span {
    var span = self
    span.attributes = attributes.map { $0.mapText(change) }
    span.failure = failure.map(change)
    return span
  }

  /// As OTLP writes it: ids in hexadecimal digits, times in nanoseconds since the epoch as texts, enumerations as numbers.
  package var json: JSONValue {
    [
      "traceId": .string(context.trace), "spanId": .string(context.span),
      "parentSpanId": parent.map { .string($0.span) },
      "name": .string(name), "kind": .integer(kind.rawValue), "startTimeUnixNano": OTLP.time(start),
      "endTimeUnixNano": OTLP.time(end), "attributes": .array(attributes.map(\.json)),
      "status": failure.map {
        ["code": .integer(2), "message": .string($0.clipped(toBytes: TelemetryAttribute.longest))]
      },
    ]
  }
}
