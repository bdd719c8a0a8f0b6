import FleetModel
import Wire

/// The truth about one trouble as a line of JSON, for whoever judges what was found:
///
/// ```json
/// {"kind":"provider-outage","agents":["support-eu-01"],"begins":"2026-11-22T08:00:00.000Z","ends":"…",
///  "cause":{"trait":"provider","value":"openai"},"metric":"error_rate","level":0.05,"crosses":"…"}
/// ```
/// What is not there is left out: `cause` if the agents have nothing in common, the last three if no metric says it.
package enum TruthLine {
  /// - Parameters:
  ///   - limits: by which a metric is past its level.
  ///   - fleet: the one that lives through it.
  package static func encode(_ trouble: PlannedTrouble, of fleet: ScenarioFleet, limits: Limits = Limits()) -> [UInt8] {
    let level = trouble.metric.flatMap { limits[$0]?.medium }
    let crosses = level.flatMap { level in
      trouble.agents.compactMap { fleet.crossing(of: trouble, $0, level: level) }.min()
    }
    let line: JSONValue = [
      "kind": .string(trouble.scenario.rawValue), "agents": .array(trouble.agents.map { .string($0.bytes) }),
      "begins": trouble.begins.json, "ends": trouble.ends.json,
      "cause": trouble.cause.map { ["trait": .string($0.trait.rawValue), "value": .string($0.value)] },
      "metric": trouble.metric.map { .string($0.field) }, "level": level.map { .number($0) },
      "crosses": crosses?.json,
    ]
    return line.encoded
  }
}
