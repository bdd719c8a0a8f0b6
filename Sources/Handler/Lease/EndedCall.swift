import Execution
import FleetModel
import OpenTelemetry

/// A call of a service or program that has come to its end.
struct EndedCall {
  var call: ActuatorCall
  /// Whose step it is in the audit.
  var origin: String
  var result: ActuatorResult
  var start: Instant
  var end: Instant
}

extension TraceContext {
  /// The span of a call.
  ///
  /// - Parameter origin: whose step it is in the audit.
  init(_ call: ActuatorCall, of origin: String, prefix: String) {
    self.init(origin, .call(call.target, id: call.commandID.text), prefix: prefix)
  }
}
