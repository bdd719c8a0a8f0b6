import Synchronization

/// A machine as a test simulates it: its clocks and its random numbers.
///
/// What runs inside `run` reads these instead of the real machine's. Time stands still until the test moves it, so the
/// same inputs lead to the same outputs each time.
package final class SimulatedMachine: Sendable {
  /// The machine that the code at hand runs on; nil on a real one.
  package static var current: SimulatedMachine? {
    // Only tests set it. Everybody else pays for one load.
    isInUse.load(ordering: .relaxed) ? selected : nil
  }

  @TaskLocal private static var selected: SimulatedMachine?
  private static let isInUse = Atomic(false)

  /// Nanoseconds of each clock.
  private let monotonic: Atomic<Int64>
  private let boot: Atomic<Int64>
  private let wall: Atomic<Int64>
  private let randomState: Atomic<UInt64>

  /// - Parameters:
  ///   - wall: what its wall clock shows, in nanoseconds since 1970.
  ///   - seed: what its random numbers begin with.
  package init(wall: Int64, seed: UInt64) {
    monotonic = Atomic(1_000_000_000)
    boot = Atomic(1_000_000_000)
    self.wall = Atomic(wall)
    randomState = Atomic(seed)
  }

  /// Runs `body` on this machine.
  package func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    Self.isInUse.store(true, ordering: .relaxed)
    return try Self.$selected.withValue(self, operation: body)
  }

  // MARK: Clocks

  package var monotonicTime: MonotonicTime { MonotonicTime(nanoseconds: monotonic.load(ordering: .relaxed)) }

  var bootTime: BootTime { BootTime(nanoseconds: boot.load(ordering: .relaxed)) }

  /// Nanoseconds since 1970.
  package var wallTime: Int64 { wall.load(ordering: .relaxed) }

  /// Lets time pass on all clocks.
  package func pass(nanoseconds: Int64) {
    monotonic.add(nanoseconds, ordering: .relaxed)
    sleep(nanoseconds: nanoseconds)
  }

  /// Lets time pass while the machine is suspended: its monotonic clock stands still.
  package func sleep(nanoseconds: Int64) {
    boot.add(nanoseconds, ordering: .relaxed)
    wall.add(nanoseconds, ordering: .relaxed)
  }

  /// Sets the wall clock forward or back.
  package func stepWallClock(nanoseconds: Int64) { wall.add(nanoseconds, ordering: .relaxed) }

  // MARK: Random numbers

  /// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
  func nextRandomNumber() -> UInt64 {
    var mixed = randomState.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Random numbers of the machine that the code at hand runs on.
package struct MachineRandom: RandomNumberGenerator {
  package init() {}

  package mutating func next() -> UInt64 {
    if let machine = SimulatedMachine.current { return machine.nextRandomNumber() }
    var system = SystemRandomNumberGenerator()
    return system.next()
  }

  package static func number(in range: Range<Double>) -> Double {
    var source = MachineRandom()
    return .random(in: range, using: &source)
  }

  package static func number<Number: FixedWidthInteger>(in range: ClosedRange<Number>) -> Number {
    var source = MachineRandom()
    return .random(in: range, using: &source)
  }
}
