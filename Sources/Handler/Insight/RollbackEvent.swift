import FleetModel
import Wire

/// That agents run a version that is worse than another of their role, as an entry of the stream of events: by it a rule
/// proposes that they go back, or has them go back.
struct RollbackEvent: Equatable {
  let version: WorseVersion
  /// Those that are to go back now; one at least.
  let agents: [AgentID]
  /// How many run it in all.
  let running: Int
  let mode: Autonomy
  let at: Instant

  static let type = "agent.version_worse"

  /// About the first of them. Its id names role, versions, that agent and the moment, so that the same is never counted
  /// twice.
  var payload: [UInt8] {
    HandlerEvent.encode(Self.type, id: eventID, of: agents.first ?? .none, data, at: at)
  }

  private var eventID: [UInt8] {
    "\(Self.type)/\(version.role)/\(version.worse)/\(version.better)/\(at.milliseconds)/".utf8
      + (agents.first ?? .none).bytes
  }

  /// Without a member `version`: that would say which one the agent itself runs.
  private var data: JSONValue {
    [
      "role": .string(version.role), "worse": .string(version.worse), "better": .string(version.better),
      "metric": .string(version.metric), "detail": .string(version.words),
      "agents": .array(agents.map { .string($0.bytes) }), "running": .integer(Int64(running)),
      "mode": .string(mode.rawValue),
    ]
  }
}
