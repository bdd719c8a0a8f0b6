/// Who holds the lease for a session, and hears what the session finds.
protocol LeaseSessionOwner: AnyObject {
  /// The server or the connection has ended the session.
  func sessionEnded(_ reason: String)
  /// Redis refused something for want of a permission.
  func rightIsMissing()
  /// Why rules are held back; nil while they are not.
  func rulesAreHeld(_ reason: String?)
  /// Consoles can read by which metrics and levels it judges: a name for these.
  func levelsAreTold(_ digest: String)
  /// Calls `work` once all that was written up to now stands on a replica too, if that is asked for; never if the lease
  /// ends before.
  func whenConfirmed(_ work: @escaping () -> Void)
  /// Asks the server for its time anew.
  func measureTime(_ completion: @escaping () -> Void)
}
