import Console
import FleetModel
import Insight
import Wire

/// A comparison of two spans as the tool prints it.
extension SpanComparison {
  var lines: [String] {
    let sections = sections(name: \.description, time: Format.minute).flatMap { section in
      [""] + (section.title.map { title in [title] + section.lines.map { "  \($0)" } } ?? section.lines)
    }
    return [head(time: Format.minute)] + sections
  }

  var json: JSONValue {
    [
      "from": .string(ISO8601.format(start)), "to": .string(ISO8601.format(end)),
      "before": .string(ISO8601.format(before)), "agents": .integer(Int64(agents)),
      "metrics": .array(
        ranked.map { tally in
          [
            "metric": .string(tally.metric.name), "unit": tally.metric.unit.map { .string($0) },
            "rose": .integer(Int64(tally.rose)), "fell": .integer(Int64(tally.fell)),
            "known": .integer(Int64(tally.known)),
          ]
        }),
      "greatest": .array(greatest.map(json)),
      "changes": .array(
        marks.map { mark in
          [
            "at": .string(ISO8601.format(mark.at)), "change": .string(mark.words),
            "agents": .array(mark.agents.map { .string($0.bytes) }),
          ]
        }),
    ]
  }

  private func json(_ change: SpanChange) -> JSONValue {
    let metric = shown(change.metric)
    return [
      "agent": .string(change.agent.bytes), "metric": .string(metric.name), "unit": metric.unit.map { .string($0) },
      "before": .number(change.before), "during": .number(change.during), "spreads": .number(change.effect),
    ]
  }
}
