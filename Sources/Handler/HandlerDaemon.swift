/// What handlers of one fleet and of a divided one have in common, to the program that runs them.
package protocol HandlerDaemon: AnyObject {
  var monitor: Monitor { get }
  func start()
  /// Goes on with other options, as far as they may change.
  func apply(_ options: HandlerOptions)
  /// Says on every console that new settings could not be taken, until some are.
  func complain(_ words: String)
  /// Finishes what is under way, gives leases back, and then calls `completion`.
  func stop(_ completion: @escaping () -> Void)
  /// Writes how often lines of the log were repeated that are still held back.
  func flushLog()
}

extension HandlerService: HandlerDaemon {
  package func flushLog() { log.flush() }
}
