/// What an operator or a rule can have done, by its name on the wire. ``ActionDescriptor`` says all else of it.
package enum Action: String, CaseIterable, Sendable {
  case pause, resume, restart, scale
  case rateLimit = "rate_limit"
  case rebalance
  case activateBackup = "activate_backup"
  case deactivateBackup = "deactivate_backup"
  case escalate, transfer
  case blockIP = "block_ip"
  case unblockIP = "unblock_ip"
  case offerCoupon = "offer_coupon"
  case schedule, cancel, tune, rollback, notify
  case acknowledge = "ack"
  case unacknowledge = "unack"
  case silence, unsilence, close, approve, reject, undo, automation
  case take
  case handBack = "hand_back"
  case closeConversation = "close_conversation"
  case drain
  case planMaintenance = "plan_maintenance"
  case cancelMaintenance = "cancel_maintenance"
}
