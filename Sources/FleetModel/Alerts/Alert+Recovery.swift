/// Why an alert is open no longer; the words are the audit's.
package enum AlertEnd: String, CaseIterable, Sendable {
  /// Its values were below 80 % of their level for long enough; or its agent, which was silent, reports again.
  case recovered
  /// Nothing told of it for so long that it is given up.
  case unrecovered
  /// What it told of is explained: its agent was paused or stopped, or is leaving.
  case explained
  /// A person closed it, or the handler did for a reason of its own: whoever did has told people.
  case closed
  /// Its agent has left the fleet.
  case agentLeft = "agent_left"
}

extension Alert {
  /// How far an alert's metrics have come back to where they should be. Only values count: that nothing comes is no sign
  /// of recovery.
  struct Recovery: Equatable, Sendable {
    /// Metrics whose last value was in the neighbourhood of trouble.
    private(set) var troubled = AnyMetricSet()
    /// Metrics that were in trouble since it opened; all of them must recover.
    private(set) var struck = AnyMetricSet()
    /// Since when all values of these have been well; nil while one is not, or none has come.
    private(set) var wellSince: Instant?
    /// When something last told how the trouble goes on, for better or worse.
    private(set) var heardAt: Instant

    /// - Parameter metric: the one that opened the alert or made it worse last.
    init(_ record: AlertRecord, _ metric: AnyMetric?) {
      heardAt = record.last
      if let metric { struck.insert(metric) }
    }

    /// Takes a sign of trouble.
    mutating func trouble(_ metric: AnyMetric?, at instant: Instant) {
      if let metric {
        troubled.insert(metric)
        struck.insert(metric)
      }
      heardAt = max(heardAt, instant)
      if let since = wellSince, since <= instant { wellSince = nil }
    }

    /// Takes a value that is well.
    ///
    /// - Parameters:
    ///   - isEvidence: whether such a value says that the agent has recovered; a paused agent's does not.
    ///   - isNewStretch: whether too much time has passed since the value before for both to be of one stretch.
    /// - Returns: whether it tells of the alert's trouble at all.
    mutating func well(_ metric: AnyMetric, at instant: Instant, isEvidence: Bool, isNewStretch: Bool) -> Bool {
      guard instant >= heardAt else { return false }
      troubled.remove(metric)
      if struck.isEmpty { struck.insert(metric) }
      guard troubled.isEmpty, struck.contains(metric) else { return false }
      heardAt = instant
      if !isEvidence {
        wellSince = nil
      } else if wellSince == nil || isNewStretch {
        wellSince = instant
      }
      return true
    }

    /// Whether values of all metrics that were in trouble have been well for long enough.
    ///
    /// - Parameter time: when a metric's last value came.
    func isOver(_ time: (AnyMetric) -> Instant?) -> Bool {
      guard let wellSince else { return false }
      var rest = struck
      while let metric = rest.popFirst() {
        guard let last = time(metric), last - wellSince >= AlertBook.closesAfter else { return false }
      }
      return true
    }

    mutating func leap(by step: TimeSpan) {
      heardAt = heardAt + step
      wellSince = wellSince.map { $0 + step }
    }
  }
}
