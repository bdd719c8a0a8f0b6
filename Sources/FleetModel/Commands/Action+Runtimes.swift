extension Action {
  /// Whether runtimes are told of it, and confirm it. What it does not reach them for is obeyed once it has succeeded.
  package var reachesRuntimes: Bool {
    switch self {
    case .pause, .resume, .restart, .scale, .rateLimit, .rebalance, .activateBackup, .deactivateBackup, .escalate,
      .transfer, .blockIP, .unblockIP, .offerCoupon, .schedule, .cancel, .tune, .undo:
      true
    case .notify, .acknowledge, .unacknowledge, .silence, .unsilence, .close, .approve, .reject, .automation: false
    }
  }
}
