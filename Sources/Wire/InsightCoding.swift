import FleetModel

/// What the handler thinks of an agent, as the hash `agentos:insight` holds it: agent → JSON.
///
/// ```json
/// {"at":"2026-11-22T08:00:00.000Z","health":0.42,"critical":true,
///  "told_until":"2026-11-22T08:10:00.000Z","reasons":["error_rate is 0.31; its own normal is 0.02"],
///  "findings":[{"metric":"error_rate","kind":"out_of_range","words":"…","since":"…","at":"…"}],
///  "forecasts":[{"metric":"queue_size","value":80,"level":300,"made":"…","crosses":"…","confidence":0.8,"known":12,
///                "radius":9.5}],
///  "changes":[{"kind":"version","detail":"2.1.0","at":"…"}]}
/// ```
/// Lists that are empty and values that are not known are left out.
package enum InsightCoding {
  package static func encode(_ insight: AgentInsight) -> [UInt8] { json(insight).encoded }

  package static func json(_ insight: AgentInsight) -> JSONValue {
    func list<Element>(_ elements: [Element], _ json: (Element) -> JSONValue) -> JSONValue? {
      elements.isEmpty ? nil : .array(elements.map(json))
    }
    return [
      "at": insight.at.json,
      "health": insight.health.map { .number($0) },
      "critical": insight.isCritical ? .bool(true) : nil,
      "told_until": insight.toldUntil.map(\.json),
      "reasons": list(insight.reasons) { .string($0) },
      "findings": list(insight.findings, json),
      "forecasts": list(insight.forecasts, json),
      "changes": list(insight.changes) {
        ["kind": .string($0.kind), "detail": .string($0.detail), "at": $0.at.json]
      },
    ]
  }

  private static func json(_ found: AgentInsight.Found) -> JSONValue {
    [
      "metric": .string(found.metric), "kind": .string(found.kind), "words": .string(found.words),
      "since": found.since.json, "at": found.at.json,
    ]
  }

  private static func json(_ coming: AgentInsight.Coming) -> JSONValue {
    [
      "metric": .string(coming.metric), "value": .number(coming.value), "level": .number(coming.level),
      "made": coming.madeAt.json, "crosses": coming.crossesAt.json, "confidence": .number(coming.confidence),
      "known": .integer(Int64(coming.known)), "radius": coming.radius.map { .number($0) },
    ]
  }

  /// Reads what `encode` wrote, within the bounds of ``AgentInsight``; nil for what is no such object. Elements that are
  /// malformed are left out.
  package static func decode(_ payload: [UInt8]) -> AgentInsight? {
    guard let json = try? JSONValue.parse(payload), let at = json["at"].flatMap({ Instant(json: $0) }) else {
      return nil
    }
    var insight = AgentInsight(at: at)
    insight.health = json["health"]?.double.flatMap { (0...1).contains($0) ? $0 : nil }
    insight.isCritical = json["critical"]?.bool ?? false
    insight.toldUntil = json["told_until"].flatMap { Instant(json: $0) }
    func list<Element>(_ key: String, most: Int, _ read: (JSONValue) -> Element?) -> [Element] {
      Array((json[key]?.list ?? []).lazy.compactMap(read).prefix(most))
    }
    insight.reasons = list("reasons", most: AgentInsight.mostReasons) { words($0) }
    insight.findings = list("findings", most: AgentInsight.mostFindings, found)
    insight.forecasts = list("forecasts", most: AgentInsight.mostForecasts, coming)
    insight.changes = list("changes", most: AgentInsight.mostChanges, change)
    return insight
  }

  private static func found(_ json: JSONValue) -> AgentInsight.Found? {
    guard let metric = word(json["metric"]), let kind = word(json["kind"]), let words = words(json["words"]),
      let since = json["since"].flatMap({ Instant(json: $0) }), let at = json["at"].flatMap({ Instant(json: $0) })
    else { return nil }
    return AgentInsight.Found(metric: metric, kind: kind, words: words, since: since, at: at)
  }

  private static func coming(_ json: JSONValue) -> AgentInsight.Coming? {
    guard let metric = word(json["metric"]), let value = number(json["value"]), let level = number(json["level"]),
      let made = json["made"].flatMap({ Instant(json: $0) }),
      let crosses = json["crosses"].flatMap({ Instant(json: $0) }),
      let confidence = number(json["confidence"]), (0...1).contains(confidence)
    else { return nil }
    return AgentInsight.Coming(
      metric: metric, value: value, level: level, madeAt: made, crossesAt: crosses, confidence: confidence,
      known: max(0, json["known"]?.int ?? 0), radius: number(json["radius"]).flatMap { $0 >= 0 ? $0 : nil })
  }

  private static func change(_ json: JSONValue) -> AgentInsight.Change? {
    guard let kind = word(json["kind"]), let detail = words(json["detail"]),
      let at = json["at"].flatMap({ Instant(json: $0) })
    else { return nil }
    return AgentInsight.Change(kind: kind, detail: detail, at: at)
  }

  private static func word(_ json: JSONValue?) -> String? { json?.text?.clipped(toBytes: TextBound.word) }

  private static func words(_ json: JSONValue?) -> String? { json?.text?.clipped(toBytes: TextBound.words) }

  private static func number(_ json: JSONValue?) -> Double? { json?.double.flatMap { $0.isFinite ? $0 : nil } }
}
