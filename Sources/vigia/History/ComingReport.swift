import Console
import FleetModel
import Wire

/// The forecasts that are open now, the soonest first.
struct ComingReport {
  private let coming: [(agent: AgentID, coming: AgentInsight.Coming)]
  private let unreadable: Int
  private let now: Instant
  private let handler: HandlerLeaseStatus

  /// - Parameter values: agent → what the handler thinks of it, as it is stored.
  init(_ values: [(name: [UInt8], value: [UInt8])], at now: Instant, _ handler: HandlerLeaseStatus) {
    (self.now, self.handler) = (now, handler)
    var (all, unreadable): ([(AgentID, AgentInsight.Coming)], Int) = ([], 0)
    for (name, value) in values {
      guard let id = AgentID(outside: name), let insight = InsightCoding.decode(value) else {
        unreadable += 1
        continue
      }
      all += insight.noLater(than: now).forecasts.filter { now <= $0.deadline }.map { (id, $0) }
    }
    self.unreadable = unreadable
    coming = all.sorted {
      $0.1.crossesAt == $1.1.crossesAt
        ? $0.0.precedes($1.0) : $0.1.crossesAt < $1.1.crossesAt
    }
  }

  var lines: [String] {
    let rows = coming.map { agent, coming in
      "\(Format.clock(coming.crossesAt).prefix(5))Z  \(agent)  \(InsightWords.text(coming, at: now)), "
        + "made \(Format.ago(now - coming.madeAt))"
    }
    let none =
      "no forecast is open; the handler makes one once a metric has moved towards its level for an hour, and "
      + handler.sentence
    // What was forecast before stays true for a while, but nobody adds to it.
    let doubt = coming.isEmpty || handler.isAlive ? [] : ["\(handler.sentence): nothing new is forecast"]
    let rest = unreadable > 0 ? ["what is thought of \(Format.counted(unreadable, "agent")) could not be read"] : []
    return (rows.isEmpty ? [none] : rows) + doubt + rest
  }

  var json: JSONValue {
    [
      "handler": handler.json,
      "coming": .array(
        coming.map { agent, coming in
          [
            "agent": .string(agent.bytes), "metric": .string(coming.metric), "value": .number(coming.value),
            "level": .number(coming.level), "made": .string(ISO8601.format(coming.madeAt)),
            "crosses": .string(ISO8601.format(coming.crossesAt)), "confidence": .number(coming.confidence),
            "known": .integer(Int64(coming.known)), "radius": coming.radius.map { .number($0) },
          ]
        }),
      "unreadable": .integer(Int64(unreadable)),
    ]
  }
}

extension HandlerLeaseStatus {
  var isAlive: Bool { if case .alive = self { true } else { false } }
}
