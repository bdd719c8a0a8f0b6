import Redis

extension StreamPlace.Finding {
  /// What was never seen, for the log and the audit.
  var words: String {
    switch self {
    case .missed(let count, let after, let before):
      let place = "events between \(after) and \(before)"
      return count.map { "\($0) \(place) were trimmed unread" }
        ?? "\(place) may have been trimmed unread; how many is not known"
    case .lostWrites(let after, let before):
      return "the server went back from \(after) to \(before): events in between may come again or be lost"
    case .gone(let after): return "the stream of events was deleted; it had been read to \(after)"
    }
  }
}
