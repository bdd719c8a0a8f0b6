import FleetModel
import Loop
import Redis

/// The parts of an active handler, for one term.
final class Office {
  let term: Term
  private let dispatcher: Dispatcher
  private let intake: CommandIntake
  private let scheduler: Scheduler
  private let follower: EventFollower
  private let confirmations: Confirmations
  private let retention: Retention

  init(term: Term, endpoint: Endpoint) {
    self.term = term
    dispatcher = Dispatcher(term: term)
    intake = CommandIntake(term: term, dispatcher: dispatcher, endpoint: endpoint)
    scheduler = Scheduler(term: term, dispatcher: dispatcher)
    let confirmations = Confirmations(term: term, dispatcher: dispatcher)
    self.confirmations = confirmations
    let follower = EventFollower(term: term, endpoint: endpoint) { confirmations.take($0) }
    self.follower = follower
    let intake = intake
    retention = Retention(
      term: term, cursor: { [weak follower] in follower?.cursor },
      commandStreams: { [weak intake] in intake?.streams ?? [] })
  }

  func open() {
    follower.start()
    intake.start()
    scheduler.start()
    retention.start()
  }

  /// Takes nothing new, and calls `completion` when what was begun is done, or a little later.
  func finish(_ completion: @escaping () -> Void) {
    intake.stop()
    scheduler.stop()
    follower.stop()
    var isDone = false
    let done = {
      guard !isDone else { return }
      isDone = true
      completion()
    }
    dispatcher.onProgress = { [weak dispatcher] in if dispatcher?.isIdle ?? true { done() } }
    term.loop.schedule(inMilliseconds: Self.patience) { done() }
    if dispatcher.isIdle { done() }
  }

  /// How long a handler that ends waits for what is under way.
  private static let patience: Int64 = 2000

  func close() {
    term.end()
    intake.stop()
    scheduler.stop()
    follower.stop()
  }
}
