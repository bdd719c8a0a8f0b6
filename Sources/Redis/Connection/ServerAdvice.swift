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
    /// This is not, or no longer, the server that holds the keys: the connection ends, and the server is looked up anew,
    /// each second.
    case relocate
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
    case .retrySoon, .relocate: 1000
    case .retrySlowly, .keepCommand, .leaveOut: LinkMachine.longestPause
    }
  }

  private static let lookedUp = "the connection is made anew, each second"

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
      remedy: "wait until the slot has moved", .retrySoon),
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
      "another node of the Redis cluster holds the keys", next: lookedUp,
      remedy: "nothing, if slots have just moved; otherwise look at CLUSTER SLOTS", .relocate),
    "ASK": .init(
      "the keys are on their way to another node of the Redis cluster", next: "it is asked again each second",
      remedy: "wait until the slot has moved", .retrySoon),
    "CROSSSLOT": .init(
      "keys lie in several slots of the Redis cluster", next: lookedUp,
      remedy: "give console and handler a prefix with a hash tag: --prefix '{agentos}'", .relocate),
    "CLUSTERDOWN": .init(
      "nobody serves the slot of the keys in the Redis cluster", next: lookedUp,
      remedy: "bring its nodes back; CLUSTER INFO tells what is missing", .relocate),
    "UNBLOCKED": .init(
      "Redis ended a read: the stream is gone, or the server has changed its part",
      next: "it is asked again each second",
      remedy: "nothing to do", .retrySoon),
    "NOGROUP": .init(
      "the group of readers is gone", next: "it is made anew", remedy: "nothing to do", .retrySoon),
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

  /// Where MOVED says that the keys are, `host:port`; without a host it is the one that says so.
  var movedTo: String? {
    let words = text.split(separator: " ")
    return code == "MOVED" && words.count >= 3 ? String(words[2]) : nil
  }

  /// Whether the server may take the same later: nothing is given up for it.
  package var isPassing: Bool {
    switch advice.wayBack {
    case .retrySoon, .keepCommand, .relocate: true
    case .retrySlowly, .leaveOut, .reloadScript: code == "NOPERM" || code == "NOAUTH"
    }
  }

  /// Whether it says that this is not, or no longer, the server that holds the keys.
  package var isOfWrongServer: Bool { advice.wayBack == .relocate || isOfChangedPart }

  /// The same where a replica is the wrong server too.
  var mayBeOfWrongServer: Bool { isOfWrongServer || code == "READONLY" }

  /// `UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)`
  private var isOfChangedPart: Bool { code == "UNBLOCKED" && text.contains("instance state changed") }

  /// Whether only the key or channel that was asked for is refused.
  var concernsOneThing: Bool { advice.wayBack == .leaveOut }
}

extension ConnectionFailure {
  /// Whether it ended because another server is the right one.
  var isOfWrongServer: Bool {
    switch self {
    case .misplaced, .moved: true
    case .unresolved, .system, .tls, .closedByServer, .silent, .refused, .brokenProtocol, .notLocated, .closedHere:
      false
    }
  }

  /// Whether attempts after this failure come at a pace of their own, and not ever more slowly.
  var pace: LinkMachine.Pace {
    switch self {
    case .refused(let error): .steady(max(1000, error.advice.pause))
    case .moved: .prompt
    // Whoever could tell is asked each second.
    case .notLocated: .steady(1000)
    case .unresolved, .system, .tls, .closedByServer, .silent, .brokenProtocol, .misplaced, .closedHere: .growing
    }
  }
}
