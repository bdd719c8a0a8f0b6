/// What an error of the server's means to an operator, what happens next, and what would help.
package struct ServerAdvice: Equatable, Sendable {
  /// How what was refused gets its way again.
  package enum WayBack: Equatable, Sendable, CaseIterable {
    /// It passes by itself: each second.
    case retrySoon
    /// Somebody must change something: every five seconds, until it is.
    case retrySlowly
    /// Commands are kept, and sent again every five seconds until they expire; reading goes on.
    case keepCommand
    /// The script is loaded again, at once.
    case reloadScript
    /// Only what was asked for is left out; everything else goes on, and it is tried again every five seconds.
    case leaveOut
  }

  package var meaning: String
  package var next: String
  package var remedy: String
  package var wayBack: WayBack

  private init(_ meaning: String, next: String, remedy: String, _ wayBack: WayBack) {
    self.meaning = meaning
    self.next = next
    self.remedy = remedy
    self.wayBack = wayBack
  }

  /// Milliseconds until the next attempt.
  package var pause: Int64 {
    switch wayBack {
    case .reloadScript: 0
    case .retrySoon: 1000
    case .retrySlowly, .keepCommand, .leaveOut: LinkMachine.longestPause
    }
  }

  /// By the first word of the error.
  static let table: [Substring: ServerAdvice] = [
    "LOADING": .init(
      "Redis is starting and still loads its data", next: "it is asked again each second",
      remedy: "wait; INFO persistence tells how far it is", .retrySoon),
    "MASTERDOWN": .init(
      "this replica has lost its master and does not serve old data", next: "it is asked again each second",
      remedy: "bring the master back, or point --redis at another server", .retrySoon),
    "BUSY": .init(
      "a script keeps Redis busy", next: "it is asked again each second", remedy: "wait, or SCRIPT KILL", .retrySoon),
    "TRYAGAIN": .init(
      "keys are moving between cluster nodes", next: "it is asked again each second",
      remedy: "wait; and point --redis at a server that is no cluster node", .retrySoon),
    "NOAUTH": .init(
      "Redis wants a password", next: "logging in is tried again every 5 s",
      remedy: "put user and password into the URL", .retrySlowly),
    "WRONGPASS": .init(
      "Redis knows no such user and password", next: "logging in is tried again every 5 s",
      remedy: "correct user and password in the URL, or ACL SETUSER", .retrySlowly),
    "READONLY": .init(
      "this Redis is a replica and takes no writes",
      next: "reading goes on; commands are kept and sent again until they expire",
      remedy: "point --redis at the master", .keepCommand),
    "OOM": .init(
      "Redis has reached its maxmemory and takes no writes",
      next: "reading goes on; commands are kept and sent again until they expire",
      remedy: "free memory, trim streams, or raise maxmemory", .keepCommand),
    "MISCONF": .init(
      "Redis cannot save to disk and takes no writes",
      next: "reading goes on; commands are kept and sent again until they expire",
      remedy: "look at its disk and its log", .keepCommand),
    "NOREPLICAS": .init(
      "too few replicas are connected, so Redis takes no writes",
      next: "reading goes on; commands are kept and sent again until they expire",
      remedy: "bring replicas back, or lower min-replicas-to-write", .keepCommand),
    "NOPERM": .init(
      "this user may not do that", next: "it is left out and tried again every 5 s; the rest goes on",
      remedy: "grant it with ACL SETUSER", .leaveOut),
    "WRONGTYPE": .init(
      "the key holds something else than a stream", next: "it is left out and tried again every 5 s; the rest goes on",
      remedy: "name another key, or delete this one", .leaveOut),
    "MOVED": .init(
      "this Redis is a cluster node and another holds the key; clusters are not supported",
      next: "it is left out and tried again every 5 s; the rest goes on",
      remedy: "point --redis at a server that holds all keys", .leaveOut),
    "ASK": .init(
      "this Redis is a cluster node and the key is on its way to another; clusters are not supported",
      next: "it is left out and tried again every 5 s; the rest goes on",
      remedy: "point --redis at a server that holds all keys", .leaveOut),
    "CROSSSLOT": .init(
      "this Redis is a cluster node; clusters are not supported", next: "it is tried again every 5 s",
      remedy: "point --redis at a server that is no cluster node", .leaveOut),
    "NOSCRIPT": .init(
      "Redis has forgotten a script", next: "it is loaded again at once", remedy: "nothing to do", .reloadScript),
  ]

  static let unknown = ServerAdvice(
    "Redis refused with an error that has no entry here", next: "it is tried again every 5 s",
    remedy: "look the error up in Redis's documentation and log", .retrySlowly)
}

extension ServerError {
  package var advice: ServerAdvice {
    guard let advice = ServerAdvice.table[code] else { return .unknown }
    guard code == "MOVED" || code == "ASK" else { return advice }
    // MOVED <slot> <host:port>
    var named = advice
    if let node = text.split(separator: " ").last, node.contains(":") { named.meaning += " (it names \(node))" }
    return named
  }

  /// Whether only the key or channel that was asked for is refused.
  var concernsOneThing: Bool { advice.wayBack == .leaveOut }
}

extension ConnectionFailure {
  /// Whether attempts after this failure come at a pace of their own, and not ever more slowly.
  var pace: LinkMachine.Pace {
    switch self {
    case .refused(let error): .steady(max(1000, error.advice.pause))
    case .moved: .prompt
    // Whoever could tell is asked each second.
    case .notLocated: .steady(1000)
    case .unresolved, .system, .closedByServer, .silent, .brokenProtocol, .misplaced, .closedHere: .growing
    }
  }
}
