import FleetModel

/// What a handler is at one moment, for those who watch it.
struct HandlerPicture: Equatable {
  /// Whether it acts, and what it is otherwise.
  enum Role: Equatable {
    /// With its fence, and how many seconds the lease still lets it act.
    case leader(fence: Int, secondsLeft: Double)
    /// Another leads, or nobody does yet.
    case standby(leader: String?)
    /// It could not take over, and why.
    case unready(String)
  }

  var role = Role.unready("it has just begun")
  var isConnected = false
  var isRecording = false
  var gaps = 0
  var gapSeconds = 0.0
  /// Messages of channels that were lost.
  var lost = 0
  /// By which people are told.
  var channels: [String] = []
  /// Other programs that are told, such as a collector: each as its section in the handler's file.
  var services: [String] = []
  /// The parts of one that leads.
  var commandsInHand: Int?
  var eventsWaiting: Int?
  var noticesWaiting: [String: Int] = [:]
  /// How far what is archived lies behind each stream, in seconds.
  var archiveLags: [[UInt8]: Double] = [:]
  /// How queues of other services stand; nil if it looks at none.
  var queues: QueueReport?
  /// Who waits for a person; nil if it does not lead, or does not know yet.
  var waiting: WaitingCounts?
  /// What was read since it leads; what was read before is counted by ``HandlerCounts/events``.
  var events = EventSums()

  var isReady: Bool {
    switch role {
    case .leader, .standby: true
    case .unready: false
    }
  }
}
