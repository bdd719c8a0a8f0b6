import FleetModel
import Wire

/// Reading by which metrics and levels the handler judges: before the first event, and when its lease names other ones.
extension EventFeed {
  /// Reads them, and then goes on. Nobody may judge a past event by other levels than the handler's.
  func readLevels(_ connection: Connection, _ completion: @escaping () -> Void = {}) {
    guard options.followsLevels else { return completion() }
    readsLevels = true
    connection.send(Request("GET", options.keys.levels)) { [weak self] result in
      self?.readsLevels = false
      // What ends with its connection is asked again on the next.
      guard let self, case .success(let reply) = result else { return }
      if isServed(.levels, reply) { take(reply.bytes) }
      completion()
    }
  }

  /// Reads them anew if the lease names others than were read last.
  func followLevels(of lease: Lease?) {
    // Once for each name: what stands there may be another's.
    guard let digest = lease?.levels, digest != levelsDigest, digest != levelsAsked, !readsLevels,
      let connection = asking.connection
    else { return }
    levelsAsked = digest
    readLevels(connection)
    connection.isPaused = false
    connection.flush()
  }

  private func take(_ payload: [UInt8]?) {
    // Without a handler that tells them there are none.
    guard let payload else { return }
    let digest = LevelsCoding.digest(payload)
    guard digest != levelsDigest else { return }
    levelsDigest = digest
    // What is not understood changes nothing: the levels before go on.
    guard let settings = LevelsCoding.decode(payload) else { return notify(.unreadable(.noLevels, .channel)) }
    reader.setMetrics(settings.metrics)
    notify(.levels(settings))
  }
}
