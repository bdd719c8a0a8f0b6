import Loop
import Redis
import TestSupport
import TestThreads
import Testing

/// Says what the test lets it say.
private final class ToldLocator: Locator {
  let loop: Loop
  var subject: String { "the master" }
  var activity: String { "asking the test" }
  /// What the next search finds; nil if it finds nothing until somebody answers.
  var answer: Result<Endpoint, ConnectionFailure>?
  var open: [(Result<Endpoint, ConnectionFailure>) -> Void] = []
  var searches = 0
  var isWrong: (Endpoint) -> Bool = { _ in false }
  var doubts: [String] = []
  var moved: ((Endpoint) -> Void)?

  init(_ loop: Loop, _ answer: Endpoint?) {
    self.loop = loop
    self.answer = answer.map { .success($0) }
  }

  func find(_ completion: @escaping (Result<Endpoint, ConnectionFailure>) -> Void) {
    searches += 1
    guard let answer else { return open.append(completion) }
    loop.later { completion(answer) }
  }

  func examine(_ connection: Connection, _ completion: @escaping (ConnectionFailure?) -> Void) {
    completion(isWrong(connection.endpoint) ? .misplaced("a replica") : nil)
  }

  func confirm(_ server: Endpoint, _ completion: @escaping (Bool) -> Void) { loop.later { completion(true) } }

  func doubt(_ server: Endpoint, hint: String?) { doubts.append("\(server)" + (hint.map { " → \($0)" } ?? "")) }
  func follow(_ moved: @escaping (Endpoint) -> Void) { self.moved = moved }
  func rest() { moved = nil }
}

@Suite(.threaded) struct WhereaboutsTests {
  /// Links that notice where they are.
  private final class Links {
    let loop: Loop
    let all: [Link]
    private(set) var failures: [[ConnectionFailure]] = []

    init(_ count: Int, _ loop: Loop, _ whereabouts: Whereabouts) {
      self.loop = loop
      var told: (Int, ConnectionFailure) -> Void = { _, _ in }
      all = (0..<count).map { number in
        Link(loop: loop, endpoint: .default, whereabouts: whereabouts) {
          if case .down(let failure) = $0 { told(number, failure) }
        }
      }
      failures = all.map { _ in [] }
      told = { [unowned self] in failures[$0].append($1) }
      for link in all { link.start() }
    }

    deinit { for link in all { link.stop() } }

    func wait(for server: TestServer) throws {
      try loop.wait { all.allSatisfy { $0.connection != nil && $0.server == server.endpoint } }
    }
  }

  @Test func linksOfOneProcessShareASearch() throws {
    let server = try TestServer()
    let locator = ToldLocator(server.loop, nil)
    let whereabouts = Whereabouts(locator)
    let links = Links(3, server.loop, whereabouts)
    #expect(locator.searches == 1)
    #expect(links.all[2].searchActivity == "asking the test")
    locator.open[0](.success(server.endpoint))
    try links.wait(for: server)
    #expect(whereabouts.generation == 1)
    #expect(links.all[0].searchActivity == nil)
  }

  @Test func changeMovesEveryLinkAtOnce() throws {
    let (first, second) = (try TestServer(), try TestServer())
    let locator = ToldLocator(first.loop, first.endpoint)
    let whereabouts = Whereabouts(locator)
    let links = Links(3, first.loop, whereabouts)
    try links.wait(for: first)
    locator.answer = .success(second.endpoint)
    locator.moved?(second.endpoint)
    try links.wait(for: second)
    #expect(links.failures.allSatisfy { $0 == [.moved("the master moved to \(second.endpoint)")] })
    #expect(whereabouts.generation == 2)
  }

  @Test func whatOneLinkFindsMovesTheOthers() throws {
    let (first, second) = (try TestServer(), try TestServer())
    let locator = ToldLocator(first.loop, first.endpoint)
    let links = Links(3, first.loop, Whereabouts(locator))
    try links.wait(for: first)
    locator.answer = .success(second.endpoint)
    links.all[1].restart(.closedByServer)
    try links.wait(for: second)
  }

  @Test func wrongServerIsLeftByAllAndLookedForAnew() throws {
    let (first, second) = (try TestServer(), try TestServer())
    let locator = ToldLocator(first.loop, first.endpoint)
    let links = Links(3, first.loop, Whereabouts(locator))
    try links.wait(for: first)
    locator.answer = .success(second.endpoint)
    links.all[0].relocate("moved", hint: "10.0.0.1:7000")
    // What another link says of the server that all have left is news no more.
    links.all[1].relocate("moved", hint: nil)
    try links.wait(for: second)
    #expect(locator.doubts == ["\(first.endpoint) → 10.0.0.1:7000"])
    #expect(links.failures.allSatisfy { $0.first == .misplaced("moved") })
  }

  @Test func serverThatIsNotWhatItShouldBeServesNobody() throws {
    let (first, second) = (try TestServer(), try TestServer())
    let locator = ToldLocator(first.loop, first.endpoint)
    locator.isWrong = { $0 == first.endpoint }
    let links = Links(2, first.loop, Whereabouts(locator))
    try first.loop.wait { locator.doubts.count >= 2 }
    #expect(links.all.allSatisfy { $0.connection == nil })
    locator.answer = .success(second.endpoint)
    try links.wait(for: second)
    #expect(locator.doubts.allSatisfy { $0 == "\(first.endpoint)" })
  }

  @Test func searchWithoutAnAnswerFailsAndIsTriedAgain() throws {
    let server = try TestServer()
    let locator = ToldLocator(server.loop, nil)
    let links = Links(1, server.loop, Whereabouts(locator))
    // The locator breaks its promise: the link waits no longer than for a connection.
    try server.loop.wait { !links.failures[0].isEmpty }
    #expect(links.failures[0] == [.notLocated("asking the test: no answer for 5 s")])
    locator.answer = .success(server.endpoint)
    locator.open[0](.failure(.notLocated("nobody knows")))
    try links.wait(for: server)
  }

  @Test func locatorRestsWhenTheLastLinkStops() throws {
    let server = try TestServer()
    let locator = ToldLocator(server.loop, server.endpoint)
    let whereabouts = Whereabouts(locator)
    var links: Links? = Links(2, server.loop, whereabouts)
    try links?.wait(for: server)
    #expect(locator.moved != nil)
    links?.all[0].stop()
    #expect(locator.moved != nil)
    links = nil
    #expect(locator.moved == nil)
  }

  @Test func whoeverTellsOfANewServerEachMomentCannotKeepLinksBusy() throws {
    let (first, second) = (try TestServer(), try TestServer())
    let locator = ToldLocator(first.loop, first.endpoint)
    let links = Links(3, first.loop, Whereabouts(locator))
    let end = MonotonicTime.now.adding(milliseconds: 2000)
    var turns = 0
    while MonotonicTime.now < end {
      turns += 1
      let server = turns.isMultiple(of: 2) ? first : second
      locator.answer = .success(server.endpoint)
      locator.moved?(server.endpoint)
      first.loop.turn(atMostMilliseconds: 1)
    }
    // Pauses grow: some ten attempts a link in two seconds, not one a turn.
    #expect(locator.searches < 60, "\(turns) turns")
    locator.answer = .success(first.endpoint)
    locator.moved?(first.endpoint)
    try links.wait(for: first)
  }

  @Test func endpointThatNamesItsServerNeedsNoSearch() throws {
    let loop = try Loop()
    #expect(Whereabouts.of(.default, on: loop) == nil)
    #expect(Whereabouts.of(Endpoint(address: .unix(path: "/s")), on: loop) == nil)
  }
}
