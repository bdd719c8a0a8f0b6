import FleetModel
import Loop
import Redis
import Wire

/// Where what takes one step after the other stands.
struct StepState {
  /// Whether an answer is awaited.
  var isBusy = false
  /// Whether Redis holds something else than is known.
  var isStale = true
  /// Whether Redis has refused something a moment ago: no event leads to another try at once.
  fileprivate(set) var isRefused = false
  fileprivate var timer: Loop.TimerID?

  mutating func forgetRefusal() { isRefused = false }
}

/// What keeps something of Redis in memory, and takes one step after the other by it: it reads it anew after a conflict,
/// and waits after a refusal.
protocol SteppingDesk: AnyObject {
  var session: LeaseSession { get }
  var steps: StepState { get set }
  /// What it writes, as it stands in the log after "cannot write".
  static var written: String { get }

  /// Does what there is to do next.
  func step()
}

extension SteppingDesk {
  /// Ends the wait for the next step; false if something else holds it up.
  func beginStep() -> Bool {
    guard !steps.isBusy, !steps.isRefused, !session.isOver, !session.isFinishing else { return false }
    session.loop.cancel(steps.timer)
    steps.timer = nil
    return true
  }

  func run(_ transaction: Transaction, done: @escaping () -> Void) {
    steps.isBusy = true
    session.run(transaction) { [weak self] outcome in
      guard let self else { return }
      steps.isBusy = false
      switch outcome {
      case .done: done()
      case .conflict: readAnew()
      case .failed(let error):
        session.log(.error, "cannot write \(Self.written)", ["error": error.text])
        refused()
      case .fenced: break
      }
    }
  }

  /// Reads a hash whole; a refusal has it read again later.
  func readHash(_ key: [UInt8], _ done: @escaping (_ fields: [(name: [UInt8], value: [UInt8])]) -> Void) {
    (steps.isBusy, steps.isStale) = (true, false)
    session.read([Request("HGETALL", key)]) { [weak self] replies in
      guard let self else { return }
      steps.isBusy = false
      guard replies[0].error == nil else { return refused() }
      done(replies[0].pairs)
    }
  }

  /// Takes fields of a hash out that nobody understands, some at a time: only if they still hold what was read, since
  /// something may have been written in their place.
  ///
  /// - Parameter done: told of how many, the first of them.
  func takeOut(
    _ fields: [(name: [UInt8], value: [UInt8])], of key: [UInt8], done: @escaping (_ count: Int) -> Void
  ) {
    let taken = fields.prefix(16)
    var transaction = Transaction()
    for field in taken {
      transaction.require("HGET", key, field.name, is: field.value)
      transaction.change("HDEL", key, field.name)
    }
    run(transaction) { [self] in
      done(taken.count)
      step()
    }
  }

  func readAnew() {
    steps.isStale = true
    step()
  }

  /// - Parameter span: milliseconds until the next try.
  func refused(for span: Int64 = 5000) {
    (steps.isStale, steps.isRefused) = (true, true)
    wait(span)
  }

  /// - Parameter span: milliseconds until the next step.
  func wait(_ span: Int64) {
    steps.timer = session.later(inMilliseconds: span) { [weak self] in
      guard let self else { return }
      (steps.timer, steps.isRefused) = (nil, false)
      step()
    }
  }

  /// Whether an entry is behind the last one that is written. A place of the future is of a stream that was begun anew.
  func isNew(_ entry: StreamID, after place: StreamID?) -> Bool {
    guard let place, entry <= place else { return true }
    return place.instant > session.now + .minutes(1)
  }
}
