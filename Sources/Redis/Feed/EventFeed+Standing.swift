import FleetModel
import Loop
import Wire

/// Where a feed stands, for whoever shows what it tells.
extension EventFeed {
  /// How far behind the present reading is: the age of the last entry, while more wait. Nil if the streams are read to
  /// their end, or nearly.
  package var lag: TimeSpan? {
    guard hasMore || backlog != nil, let last = places.first?.last, clock.isSet else { return nil }
    let age = clock.now - last.instant
    return age >= Self.leastLag ? age : nil
  }

  /// Whether events may stand unread.
  package var isBehind: Bool { !isAtEnd || hasMore || backlog != nil }

  /// Reading in bites is always a little behind.
  private static let leastLag = TimeSpan.seconds(2)

  /// Whether nothing has come for long: then the server is asked as little as will do.
  var isCalm: Bool { MonotonicTime.now.milliseconds(since: cameAt) > Double(options.patience.calm) }

  /// What it follows.
  package var keys: Keys { options.keys }

  /// How often another server has taken the place of the one before; 0 if the endpoint names its server.
  package var serverGeneration: Int { asking.generation }

  // MARK: The links

  /// Those that there are: the channels have none before it is known on which server the keys lie.
  var links: [Link] { [asking, channels.link, reading].compactMap(\.self) }

  private var isUp: Bool { channels.link != nil && links.allSatisfy { $0.connection != nil } }

  /// Where the links stand together.
  package var linkState: LinkState {
    if isUp { return .up }
    guard let failure = links.compactMap(\.lastFailure).first, let downSince else { return .connecting }
    let retries = links.compactMap { link -> MonotonicTime? in
      guard case .waiting(_, _, let retryAt) = link.state else { return nil }
      return MonotonicTime(nanoseconds: retryAt * 1_000_000)
    }
    return .down(since: downSince, retryAt: retries.min(), reason: failure.description)
  }

  func tellLinkState() {
    if isUp {
      downSince = nil
    } else if downSince == nil {
      // What broke without a word was found out later: nothing is known of the time since the last answer.
      downSince = links.compactMap(\.heardAt).max() ?? .now
    }
    let state = linkState
    guard state != lastState else { return }
    lastState = state
    notify(.link(state))
  }
}
