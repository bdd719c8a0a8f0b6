import FleetModel
import Wire

/// A fleet that a simulator puts on a Redis: time and control messages go in, events come out.
protocol SimulatedWorld: Sendable {
  /// How many agents there are at present.
  var count: Int { get }
  /// Lets time pass; what the agents published in it, in order.
  mutating func advance(to instant: Instant) -> [SimulatedEvent]
  /// Does as one entry of the control stream says; what the agents answer.
  mutating func obey(_ message: ControlMessage) -> [SimulatedEvent]
}

extension SimulatedFleet: SimulatedWorld {}
