import CLinux
import Glibc

/// The one epoll that a program turns around: descriptors, signals and timers, all on the thread that runs it.
///
/// It is a class because everything that watches something shares it, and it owns kernel objects. With nothing due it
/// sleeps; a turn hands out what is ready, fires what is due, and then calls `afterTurn` once.
package final class Loop {
  /// What to be told of a descriptor.
  package struct Interest: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let readable = Interest(rawValue: EPOLLIN.rawValue)
    package static let writable = Interest(rawValue: EPOLLOUT.rawValue)
  }

  /// What a descriptor is ready for. An error or a hang-up reads as both, so that the next call meets it.
  package struct Readiness: Sendable {
    package let readable: Bool
    package let writable: Bool

    package init(readable: Bool, writable: Bool) {
      self.readable = readable
      self.writable = writable
    }
  }

  /// Names a timer, so that it can be taken back.
  package struct TimerID: Hashable, Sendable {
    fileprivate let number: UInt64
  }

  private struct Watch {
    let token: UInt64
    let handler: (Readiness) -> Void
  }

  private struct Timer {
    let id: TimerID
    let due: MonotonicTime
    /// From here on it fires where the loop turns anyway.
    let earliest: MonotonicTime
    let handler: () -> Void
  }

  private let epoll: Int32
  private let timer: Int32
  private var watches: [Int32: Watch] = [:]
  private var timers: [Timer] = []
  private var armed: MonotonicTime?
  private var lastNumber: UInt64 = 0
  private var isRunning = false
  private var deferred: [() -> Void] = []

  /// Room for what is read in one go, 256 KiB, shared by all that the loop watches: its bytes are good only until the next
  /// one reads. To allocate it for every read would have the kernel map and clear it each time.
  package let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)

  /// Called once a turn, after everything that was ready.
  package var afterTurn: () -> Void = {}

  /// What connects in place of sockets, in a test; it gets the address as people write it.
  package var connect: ((_ address: String) -> any Transport)?

  private var sharedObjects: [ObjectIdentifier: AnyObject] = [:]

  package init() throws(SystemError) {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw SystemError("create an epoll") }
    timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
    guard timer >= 0 else { throw SystemError("create a timer") }
    guard vigia_epoll_control(epoll, EPOLL_CTL_ADD, timer, EPOLLIN.rawValue, UInt64(timer)) == 0 else {
      throw SystemError("watch the timer")
    }
  }

  deinit {
    scratch.deallocate()
    close(timer)
    close(epoll)
  }

  // MARK: Descriptors

  /// Calls `handler` whenever the descriptor is ready, until `unwatch`. One watch a descriptor: a later one replaces it.
  package func watch(_ descriptor: Int32, _ interest: Interest, _ handler: @escaping (Readiness) -> Void) {
    unwatch(descriptor)
    let token = nextNumber() << 32 | UInt64(UInt32(bitPattern: descriptor))
    watches[descriptor] = Watch(token: token, handler: handler)
    _ = vigia_epoll_control(epoll, EPOLL_CTL_ADD, descriptor, interest.rawValue, token)
  }

  /// Changes what a watched descriptor is watched for.
  package func change(_ descriptor: Int32, to interest: Interest) {
    guard let watch = watches[descriptor] else { return }
    _ = vigia_epoll_control(epoll, EPOLL_CTL_MOD, descriptor, interest.rawValue, watch.token)
  }

  /// Forgets a descriptor; call it before closing one.
  package func unwatch(_ descriptor: Int32) {
    guard watches.removeValue(forKey: descriptor) != nil else { return }
    _ = vigia_epoll_control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0)
  }

  // MARK: Timers

  /// Calls `handler` once, at `due` or as soon after as a turn allows.
  ///
  /// - Parameter early: how many milliseconds earlier it may be, where the loop turns anyway: so two timers of the same
  ///   span wake the process once.
  @discardableResult
  package func schedule(at due: MonotonicTime, early: Int64 = 0, _ handler: @escaping () -> Void) -> TimerID {
    let id = TimerID(number: nextNumber())
    timers.append(Timer(id: id, due: due, earliest: due.adding(milliseconds: -early), handler: handler))
    return id
  }

  @discardableResult
  package func schedule(inMilliseconds span: Int64, early: Int64 = 0, _ handler: @escaping () -> Void) -> TimerID {
    schedule(at: MonotonicTime.now.adding(milliseconds: span), early: early, handler)
  }

  /// Takes a timer back; one that has fired is none.
  package func cancel(_ id: TimerID?) {
    guard let id else { return }
    timers.removeAll { $0.id == id }
  }

  // MARK: Running

  /// Turns until `stop` is called.
  package func run() {
    isRunning = true
    while isRunning { turn() }
  }

  /// Ends `run` after the present turn.
  package func stop() { isRunning = false }

  /// Waits for something and handles it; at most `milliseconds`, or for as long as it takes.
  package func turn(atMostMilliseconds limit: Int32 = -1) {
    arm()
    var events = [epoll_event](repeating: epoll_event(), count: 64)
    let count = epoll_wait(epoll, &events, Int32(events.count), limit)
    for index in 0..<max(0, Int(count)) { dispatch(&events[index]) }
    finishTurn()
  }

  /// Does what is due by the clock without waiting for the kernel: how a test that moves the clock turns the loop.
  package func finishTurn() {
    fireTimers()
    runDeferred()
    afterTurn()
    runDeferred()
  }

  /// When the next timer is due; nil if there is none.
  package var nextDeadline: MonotonicTime? { timers.min { $0.due < $1.due }?.due }

  /// What all that turns around this loop shares, one of each type; made by whoever asks first.
  package func shared<Object: AnyObject>(_ make: () -> Object) -> Object {
    if let known = sharedObjects[ObjectIdentifier(Object.self)] as? Object { return known }
    let fresh = make()
    sharedObjects[ObjectIdentifier(Object.self)] = fresh
    return fresh
  }

  /// Calls `work` once, late in the present turn: what gathers small pieces of work into one, such as a flush.
  package func later(_ work: @escaping () -> Void) { deferred.append(work) }

  private func runDeferred() {
    while !deferred.isEmpty {
      let batch = deferred
      deferred.removeAll(keepingCapacity: true)
      for work in batch { work() }
    }
  }

  private func dispatch(_ event: inout epoll_event) {
    let token = vigia_epoll_token(&event)
    let descriptor = Int32(bitPattern: UInt32(truncatingIfNeeded: token))
    // A handler earlier in this turn may have closed the descriptor, and another may have taken its number.
    guard let watch = watches[descriptor], watch.token == token else { return }
    let broken = event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
    watch.handler(
      Readiness(
        readable: broken || event.events & EPOLLIN.rawValue != 0,
        writable: broken || event.events & EPOLLOUT.rawValue != 0))
  }

  private func fireTimers() {
    let now = MonotonicTime.now
    if let armed, armed <= now { drainTimer() }
    // A handler may set or cancel timers: take one at a time, and none that was set for this very moment again.
    let last = lastNumber
    while let index = timers.indices.filter({ timers[$0].earliest <= now && timers[$0].id.number <= last })
      .min(by: { timers[$0].due < timers[$1].due })
    {
      timers.remove(at: index).handler()
    }
  }

  private func drainTimer() {
    var expirations: UInt64 = 0
    _ = read(timer, &expirations, 8)
    armed = nil
  }

  /// Sets the kernel's timer to the earliest deadline, where that changed: to the span until then, which means the same
  /// to everybody, also if somebody has put a clock of his own before the system's.
  private func arm() {
    let earliest = nextDeadline
    guard earliest != armed else { return }
    var setting = itimerspec()
    if let earliest {
      // All zero would disarm it.
      let nanoseconds = max(1, earliest.nanoseconds - MonotonicTime.now.nanoseconds)
      setting.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
      setting.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
    }
    timerfd_settime(timer, 0, &setting, nil)
    armed = earliest
  }

  private func nextNumber() -> UInt64 {
    lastNumber += 1
    return lastNumber
  }
}
