import FleetModel
import Loop
import Wire

/// What a handler tells of itself.
extension HandlerService {
  func makeMonitored(_ loop: Loop, _ keys: Keys) -> Monitor.Part {
    let probe = StreamProbe(loop: loop, keys: keys) { [weak self] in self?.main.connection }
    return Monitor.Part(shard: options.shard, counts: counts, probe: probe) { [weak self, weak probe] in
      self?.picture(leader: probe?.leader) ?? HandlerPicture()
    } fleet: { [weak self] in
      guard let follower = self?.activeHandler?.follower, follower.judge.isRestored else { return nil }
      return ShownFleet(follower.judge, follower.watch)
    }
  }

  /// - Parameter leader: who leads, as far as it is known.
  private func picture(leader: String?) -> HandlerPicture {
    var picture = HandlerPicture()
    picture.role = role(leader: leader)
    picture.isConnected = main.connection != nil
    if case .recording = recorder.state { picture.isRecording = recorder.isMarked && recorder.isSubscribed }
    (picture.gaps, picture.gapSeconds) = (recorder.gap.count, Double(recorder.gap.total.milliseconds) / 1000)
    picture.lost = recorder.buffer.lost
    picture.channels = options.notify.channels.keys.sorted()
    picture.services = toldServices
    guard let activeHandler else { return picture }
    picture.commandsInHand = activeHandler.dispatcher.inHand
    picture.eventsWaiting = activeHandler.follower.rules.queue.count
    picture.noticesWaiting = activeHandler.notifier.waiting
    picture.events = activeHandler.follower.sums
    for stream in activeHandler.archiver.streams { picture.archiveLags[stream.stream] = stream.lagSeconds }
    picture.queues = activeHandler.queues.report
    picture.waiting = activeHandler.waiting.known.map { WaitingCounts($0, at: activeHandler.session.now) }
    return picture
  }

  private var toldServices: [String] {
    let annotates = options.grafana?.annotates ?? false
    let sends = options.telemetry.map { $0.sendsTraces || $0.sendsLogs } ?? false
    return (annotates ? [AnnotationSender.service] : []) + (sends ? [TelemetrySender.service] : [])
  }

  private func role(leader: String?) -> HandlerPicture.Role {
    if isStopping { return .unready("it is ending") }
    if let session = activeHandler?.session {
      let left = session.mayActUntil.milliseconds - BootTime.now.milliseconds
      guard left > 0 else { return .unready("its lease is over and was not renewed") }
      return .leader(fence: session.fence, secondsLeft: Double(left) / 1000)
    }
    guard main.connection != nil else {
      return .unready(main.lastFailure.map { "no connection to Redis: \($0)" } ?? "not connected to Redis yet")
    }
    if let obstacle = misfit ?? election.obstacle { return .unready(log.redaction.apply(to: obstacle)) }
    return .standby(leader: leader)
  }
}
