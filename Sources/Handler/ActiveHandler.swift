import FleetModel
import HTTP
import Loop
import Redis

/// The parts of an active handler, for one term.
final class ActiveHandler {
  let session: LeaseSession
  let dispatcher: Dispatcher
  private let intake: CommandIntake
  private let scheduler: Scheduler
  let follower: EventFollower
  private let confirmations: Confirmations
  private let retention: Retention
  let notifier: Notifier
  private let lifeSign: LifeSign
  let archiver: Archiver
  private let annotator: Annotator
  let queues: QueueWatch
  let waiting: WaitingDesk
  let handoffs: HandoffDesk
  let maintenance: MaintenanceDesk
  let tuning: TuningDesk
  let load: LoadDesk
  private let tracer: Tracer
  /// Says on consoles that they do not know the levels.
  private let warnOfLevels: (String?) -> Void

  /// - Parameters:
  ///   - unfinished: what this process had in hand before.
  ///   - warn: told what consoles are to show of the server's memory, under a name; nil if nothing is any more.
  init(
    session: LeaseSession, unfinished: UnfinishedDeliveries, endpoint: Endpoint, messenger: any HTTPSender,
    telemetry: TelemetrySender,
    warn: @escaping (_ subject: String, _ words: String?) -> Void = { _, _ in }
  ) {
    self.session = session
    warnOfLevels = { warn("levels", $0) }
    let (notifier, queues) = (Notifier(session: session, client: messenger), QueueWatch(session: session))
    (self.notifier, self.queues) = (notifier, queues)
    notifier.troubledQueues = { [weak queues] in
      guard let queues else { return [] }
      return queues.troubled
    }
    let waiting = WaitingDesk(session: session)
    self.waiting = waiting
    let handoffs = HandoffDesk(session: session)
    self.handoffs = handoffs
    let maintenance = MaintenanceDesk(session: session)
    self.maintenance = maintenance
    let tuning = TuningDesk(session: session)
    self.tuning = tuning
    let load = LoadDesk(session: session)
    load.isMaintained = { [weak maintenance] in maintenance?.isUnderWay($0) ?? false }
    self.load = load
    session.hasGiven = { [weak handoffs, weak tuning, weak load] in
      handoffs?.hasGiven($0) ?? false || tuning?.hasGiven($0) ?? false || load?.hasGiven($0) ?? false
    }
    dispatcher = Dispatcher(session: session)
    intake = CommandIntake(session: session, dispatcher: dispatcher, unfinished: unfinished, endpoint: endpoint)
    let confirmations = Confirmations(session: session, dispatcher: dispatcher)
    self.confirmations = confirmations
    let follower = EventFollower(
      session: session, endpoint: endpoint,
      oldestReport: { [confirmations.oldest, waiting.oldest, handoffs.oldest].compactMap(\.self).min() },
      warn: { warn("foresight", $0) }
    ) {
      confirmations.take($0)
    }
    handoffs.known = { [weak judge = follower.judge] in judge.map { ($0.health, $0.present) } }
    handoffs.listed = { [weak waiting] id in
      waiting?.standing(of: id).map {
        ListedConversation(conversation: $0.conversation, stored: $0.stored, isSettled: $0.isSettled)
      }
    }
    handoffs.listIsUnsure = { [weak waiting] in waiting?.readAnew() }
    follower.judge.waiting = { [weak waiting] in waiting?.take($0, $1) }
    follower.judge.handoffs = (
      wants: { [weak handoffs] in handoffs?.wantsNews ?? false }, take: { [weak handoffs] in handoffs?.take($0, $1) }
    )
    follower.judge.againEnded = { [weak waiting, weak handoffs] in
      waiting?.begin()
      handoffs?.begin()
    }
    follower.watch.outlook = { [weak maintenance] in maintenance?.take($0, $1, $2) }
    maintenance.guardFault = { [weak follower] in follower?.judge.maintenanceFault(of: $0) }
    tuning.fleet = { [weak judge = follower.judge] in judge }
    tuning.isLeftAlone = { [weak maintenance] in maintenance?.isUnderWay($0) ?? false }
    load.fleet = follower.judge
    self.follower = follower
    scheduler = Scheduler(session: session, dispatcher: dispatcher, rules: follower.rules)
    lifeSign = LifeSign(session: session, client: messenger) { [weak follower] in
      follower?.obstacle ?? follower?.judge.othersFault
    }
    archiver = Archiver(session: session, endpoint: endpoint, client: messenger) { warn("archive", $0) }
    annotator = Annotator(session: session, client: messenger)
    tracer = Tracer(session: session, sender: telemetry)
    let (intake, archiver) = (intake, archiver)
    retention = Retention(
      session: session, cursor: { [weak follower] in follower?.cursor },
      commandStreams: { [weak intake] in intake?.streams ?? [] },
      unarchived: { [weak archiver] in archiver?.spared($0) }, warn: warn)
  }

  func open() {
    session.tellLevels(warnOfLevels)
    tracer.optionsChanged()
    // Before alerts are read: it wants to know of those that are open.
    annotator.start()
    follower.start()
    dispatcher.start { [intake] in intake.start() }
    scheduler.start()
    retention.start()
    notifier.start()
    lifeSign.start()
    archiver.start()
    session.addObserver(queues)
    queues.start()
    session.addObserver(waiting)
    waiting.start()
    session.addObserver(handoffs)
    handoffs.start()
    session.addObserver(maintenance)
    maintenance.start()
    tuning.start()
    session.addObserver(load)
    load.start()
  }

  /// Goes on with other options.
  func apply(_ options: HandlerOptions) {
    session.apply(options)
    session.tellLevels(warnOfLevels)
    notifier.optionsChanged()
    archiver.apply()
    annotator.optionsChanged()
    queues.start()
    waiting.optionsChanged()
    handoffs.optionsChanged()
    maintenance.optionsChanged()
    tuning.optionsChanged()
    load.optionsChanged()
    tracer.optionsChanged()
    follower.rules.runbookChanged()
  }

  /// The server's clock was set anew: something may be due that was not. What is open stays so.
  func clockLeapt(by step: TimeSpan) {
    if !session.options.leapsPassTime { follower.clockLeapt(by: step) }
    scheduler.look()
    notifier.turn()
    notifier.back.look()
  }

  /// Begins nothing new, and calls `completion` when the transactions that are under way are done: some milliseconds.
  /// What can be gone on with from its intent is left to the next handler; what cannot is waited for.
  func finish(_ completion: @escaping () -> Void) {
    intake.stop()
    scheduler.stop()
    follower.stop()
    dispatcher.close()
    session.isFinishing = true
    session.actuators.abandon(onlyResumable: true)
    var isDone = false
    let done = {
      guard !isDone else { return }
      isDone = true
      completion()
    }
    let look = { [session, notifier] in
      if session.isOver || (session.inFlight == 0 && session.actuators.isIdle && notifier.isIdle) { done() }
    }
    // One transaction may lead to the next.
    session.onIdle = { [session] in session.loop.later(look) }
    session.loop.schedule(inMilliseconds: Self.patience) { done() }
    look()
  }

  /// How long a handler that ends waits for an effect that nobody could go on with.
  private static let patience: Int64 = 10_000

  func close() {
    session.counts.keep(follower.sums)
    session.end()
    dispatcher.drop()
    intake.stop()
    scheduler.stop()
    follower.stop()
    notifier.stop()
    lifeSign.stop()
    archiver.stop()
    annotator.stop()
    tracer.stop()
  }
}
