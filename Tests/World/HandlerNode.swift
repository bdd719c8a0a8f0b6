import FleetModel
import Handler
import Loop
import Redis

/// A machine with a handler on it, which can be killed and started again.
final class HandlerNode {
  let id: String
  let machine: SimulatedMachine
  private(set) var loop: Loop
  private(set) var service: HandlerService?
  /// Rises with each start and end: what was meant for an earlier life does nothing.
  private(set) var life = 0
  /// Until when the machine is suspended or its handler stands still, in nanoseconds of the world.
  var sleepsUntil: Int64 = 0
  /// Whether its monotonic clock stands still meanwhile.
  var isSuspended = false
  /// Until when nothing passes between it and the others.
  var cutOffUntil: Int64 = 0

  init(id: String, wall: Int64, seed: UInt64) throws(SystemError) {
    self.id = id
    machine = SimulatedMachine(wall: wall, seed: seed)
    loop = try Loop()
  }

  func pass(nanoseconds: Int64) {
    if isSuspended { machine.sleep(nanoseconds: nanoseconds) } else { machine.pass(nanoseconds: nanoseconds) }
  }

  func start(_ make: (Loop) -> HandlerService) throws(SystemError) {
    life += 1
    loop = try Loop()
    let loop = loop
    service = machine.run { make(loop) }
    machine.run {
      service?.start()
      loop.finishTurn()
    }
  }

  /// Ends it as a crash does.
  func kill() {
    life += 1
    (sleepsUntil, isSuspended) = (0, false)
    machine.run { service?.halt() }
    service = nil
  }

  /// Runs what an input leads to.
  func run(_ input: () -> Void) {
    machine.run {
      input()
      loop.finishTurn()
    }
  }

  /// Nanoseconds until its next timer; nil if it has none.
  var nextSpan: Int64? {
    guard service != nil, let due = loop.nextDeadline else { return nil }
    return max(0, due.nanoseconds - machine.monotonicTime.nanoseconds)
  }
}
