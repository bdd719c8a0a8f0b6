import FleetModel
import Loop
import Redis
import Simulation
import Wire

/// A simulator under way in a session, and what it prints.
///
/// A class, since the simulator's notices and the loop's timers share it.
final class SimulationRun {
  private let session: Session
  private let installation: Installation
  private var settings: Simulator.Settings
  /// How long to publish; nil for as long as nobody ends it.
  private let duration: TimeSpan?
  private let report: TimeSpan?
  /// Where the truth about scenarios goes.
  private let truth: LineFile?
  private var hasStarted = false
  private var isFinishing = false
  private lazy var simulator = Simulator(loop: session.loop, endpoint: installation.endpoint, settings: settings) {
    [unowned self] in notice($0)
  }

  init(
    _ session: Session, _ installation: Installation, settings: Simulator.Settings, duration: TimeSpan?,
    report: TimeSpan?, truth: LineFile?
  ) {
    self.session = session
    self.installation = installation
    self.settings = settings
    (self.settings.keys, self.settings.shards) = (installation.keys, installation.shards)
    self.duration = duration
    self.report = report
    self.truth = truth
  }

  func start() { simulator.start() }

  /// Publishes nothing more, and ends the session once the server has answered for all.
  func finish() {
    guard !isFinishing else { return session.end(.failed) }
    isFinishing = true
    simulator.stop { [self] in
      if report != nil { printReport() } else { Output.line("\(simulator.published) events published") }
      session.end(simulator.failed == 0 ? .done : .failed)
    }
  }

  private func notice(_ notice: Simulator.Update) {
    switch notice {
    case .started:
      hasStarted = true
      if report == nil { announce() } else { reportRegularly() }
      if let duration {
        session.loop.schedule(inMilliseconds: duration.milliseconds) { [weak self] in
          if self?.isFinishing == false { self?.finish() }
        }
      }
    case .refused(let finding):
      let reason = "refused to simulate on Redis at \(installation): \(finding)"
      session.fail(.failed, "\(reason); --into-live does it all the same")
    case .truth(let line): truth?.write(line)
    case .down(let failure):
      if !hasStarted { session.fail(.redisUnreachable, Session.unreachable(installation.endpoint, failure)) }
    }
  }

  private func announce() {
    let rate = Int(exactly: settings.rate).map { "\($0)" } ?? "\(settings.rate)"
    let stream = settings.shards == nil ? "into the stream" : "into the streams"
    let place = settings.destination == .stream ? stream : "on the channels"
    Output.line("\(settings.agents) agents publish \(rate) events/s \(place) of \(installation); Ctrl-C ends it")
  }

  private func reportRegularly() {
    guard let report, !isFinishing else { return }
    printReport()
    session.loop.schedule(inMilliseconds: report.milliseconds) { [weak self] in self?.reportRegularly() }
  }

  private func printReport() {
    Output.json([
      "published": .integer(Int64(simulator.published)), "failed": .integer(Int64(simulator.failed)),
      "agents": .integer(Int64(simulator.agentCount)), "obeyed": .integer(Int64(simulator.obeyed)),
      "unreadable": .integer(Int64(simulator.unreadable)),
    ])
  }
}
