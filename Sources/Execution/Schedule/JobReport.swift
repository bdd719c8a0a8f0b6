import FleetModel
import Wire

/// What a job came to, as an entry of `agentos:reports`:
/// `{"entity_id":"agent-1","event_type":"report.job","data":{"job":"analysis","run_id":"…","outcome":"succeeded",
/// "detail":"…","at":"…"}}`
package struct JobReport {
  package let encoded: [UInt8]

  package init(_ job: JobName, _ agent: AgentID, run: String, _ outcome: TargetOutcome, at now: Instant) {
    let data: JSONValue = [
      "job": .string(job.rawValue), "run_id": .string(run), "outcome": .string(outcome.phase.rawValue),
      "detail": .string(outcome.detail), "at": .string(ISO8601.format(now)),
    ]
    let json: JSONValue = ["entity_id": .string(agent.bytes), "event_type": "report.job", "data": data]
    encoded = json.encoded
  }
}
