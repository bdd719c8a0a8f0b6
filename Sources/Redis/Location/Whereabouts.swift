import Loop

/// Where the server of an endpoint is at present, for all links of a process that go to this endpoint.
///
/// ```
/// link ─ find ─▶ ┌─────────────┐ ─ find ─▶ locator
/// link ─ find ─▶ │ whereabouts │ ◀─ server ──┘
/// link ◀─ leave ─└─────────────┘ ◀─ moved ── locator, by itself
/// ```
/// What one link learns moves them all: two links of a process on different servers would read what the other has not
/// written. A class, because the links share it; it lives as long as one of them.
package final class Whereabouts {
  private struct Member {
    weak var link: Link?
  }

  private let locator: any Locator
  private var members: [Member] = []
  /// Links that wait for the search under way.
  private var waiting: [(Result<Endpoint, ConnectionFailure>) -> Void] = []
  private var movedAt: MonotonicTime?
  /// Where the links were last.
  private var former: Endpoint?
  /// Where the links are to be; nil if nothing is known, or what was known has become doubtful.
  package private(set) var server: Endpoint?
  /// How often that has changed; 0 before the first server is found.
  package private(set) var generation = 0
  /// Told in words of each search and each change.
  package var notify: (String) -> Void = { _ in }
  private var said = ""

  /// Links that wait for their next attempt are not woken more often, in milliseconds: whoever tells of a new server each
  /// moment cannot take their pauses away.
  private static let wakingPause = 1000.0

  package init(_ locator: any Locator) { self.locator = locator }

  deinit { locator.rest() }

  /// What is done while a link waits for a server.
  var activity: String { locator.activity }

  // MARK: The links

  func join(_ link: Link) {
    members.removeAll { $0.link == nil }
    members.append(Member(link: link))
    guard members.count == 1 else { return }
    locator.follow { [weak self] in self?.settle(on: $0) }
  }

  /// - Parameter link: nil if it is gone already.
  func leave(_ link: Link?) {
    members.removeAll { $0.link == nil || $0.link === link }
    guard members.isEmpty else { return }
    waiting = []
    locator.rest()
  }

  // MARK: The server

  /// Looks for the server; links that ask meanwhile get the same answer.
  func find(_ completion: @escaping (Result<Endpoint, ConnectionFailure>) -> Void) {
    waiting.append(completion)
    guard waiting.count == 1 else { return }
    if server == nil { say(locator.activity) }
    locator.find { [weak self] in self?.found($0) }
  }

  private func found(_ result: Result<Endpoint, ConnectionFailure>) {
    if case .success(let server) = result { settle(on: server) }
    let completions = waiting
    waiting = []
    for completion in completions { completion(result) }
  }

  private func settle(on server: Endpoint) {
    guard server != self.server else { return }
    let words = "\(locator.subject) \(former == nil || former == server ? "is at" : "moved to") \(server)"
    (self.server, former) = (server, server)
    generation += 1
    say(words)
    let mayWake = movedAt.map { MonotonicTime.now.milliseconds(since: $0) >= Self.wakingPause } ?? true
    movedAt = .now
    for member in members { member.link?.leave(unlessAt: server, .moved(words), wakes: mayWake) }
  }

  /// The same words once.
  private func say(_ words: String) {
    guard words != said else { return }
    said = words
    notify(words)
  }

  /// Judges the server at the other end of a link's new connection.
  func examine(_ connection: Connection, _ completion: @escaping (ConnectionFailure?) -> Void) {
    locator.examine(connection) { [weak self, weak connection] failure in
      completion(failure)
      if let failure, let connection { self?.doubt("\(failure)", of: connection.endpoint, hint: nil) }
    }
  }

  /// Those who make another server of the group the primary by themselves, in words; nil if nobody does.
  package var judges: String? { locator.judges }

  /// Whether the server is known to have had a replica, or nobody knows.
  package var hasReplicas: Bool { locator.hasReplicas }

  /// Asks the ``judges`` whether a server is the primary still.
  package func confirm(_ server: Endpoint, _ completion: @escaping (Bool) -> Void) {
    locator.confirm(server, completion)
  }

  /// Takes note that an attempt to reach a server failed.
  func unreachable(_ place: Endpoint) { locator.doubt(place, hint: nil) }

  /// Takes note that a server turned out to be the wrong one: every link leaves it, and they look anew.
  func doubt(_ reason: String, of place: Endpoint, hint: String?) {
    // Others may have found that out before, and the right one too.
    guard place == server else { return }
    server = nil
    say(reason)
    locator.doubt(place, hint: hint)
    for member in members { member.link?.leave(unlessAt: nil, .misplaced(reason), wakes: false) }
  }
}

extension Whereabouts {
  /// Those of a loop, by their endpoints. It holds them weakly: they end with their links.
  private final class Directory {
    struct Entry {
      let endpoint: Endpoint
      weak var value: Whereabouts?
    }
    var entries: [Entry] = []
  }

  /// The whereabouts of an endpoint, the same for all who ask on this loop; nil if the endpoint itself names a server.
  package static func of(_ endpoint: Endpoint, on loop: Loop) -> Whereabouts? {
    guard !endpoint.namesServer else { return nil }
    let directory = loop.shared { Directory() }
    directory.entries.removeAll { $0.value == nil }
    if let known = directory.entries.first(where: { $0.endpoint == endpoint })?.value { return known }
    guard let locator = endpoint.makeLocator(loop) else { return nil }
    let fresh = Whereabouts(locator)
    directory.entries.append(Directory.Entry(endpoint: endpoint, value: fresh))
    return fresh
  }
}

extension Endpoint {
  /// Whether it names one server, which needs no looking for.
  var namesServer: Bool {
    switch address {
    case .tcp: keySlot == nil
    case .unix: true
    case .sentinel: false
    }
  }

  /// What finds its server; nil if it names one.
  func makeLocator(_ loop: Loop) -> (any Locator)? {
    switch address {
    case .tcp: keySlot.map { ClusterLocator(loop, seed: self, slot: $0) }
    case .unix: nil
    case .sentinel(let group): SentinelLocator(loop, self, group)
    }
  }
}
