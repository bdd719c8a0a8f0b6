import ArgumentParser
import Loop
import Redis
import TestSupport

/// `vigia-bench pubsub`: whether a burst of messages comes through whole, live and by way of the recorder.
struct PubSubCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pubsub", abstract: "A burst on a channel: what the console's feed counts, and what is recorded.")

  @Option(help: "How many messages.") var messages = 200_000
  @Option(help: "How long each of them is.") var length = 264
  @Option(help: "Messages a second.") var rate = 200_000
  @Option(help: "How many rounds.") var rounds = 3
  @OptionGroup var report: Report

  /// What the rounds of one way came to.
  private struct Result {
    var published = Rounds()
    var counted = Rounds()
    var lost = Rounds()
    var twice = Rounds()

    mutating func add(_ tally: Tally, _ feed: Feed) throws {
      guard let seconds = feed.seconds else { throw Mismatch("the burst did not end") }
      published.add(seconds)
      counted.add(tally.lastAt.milliseconds(since: tally.firstAt ?? tally.lastAt) / 1000)
      lost.add(Double(tally.missing))
      twice.add(Double(tally.twice))
    }
  }

  func run() throws {
    var (alone, recorded, stream) = (Result(), Result(), Result())
    for _ in 0..<rounds {
      try burst(isRecorded: false) { server, feed, tally in try alone.add(tally, feed) }
      try burst(isRecorded: true) { server, feed, tally in
        try recorded.add(tally, feed)
        // The recorder's own markers stand there too.
        try waitForStream(server)
        let later = Tally(messages, server.loop, server.endpoint)
        later.waitForAll(server.loop)
        try stream.add(later, feed)
      }
    }
    show("pubsub, feed alone", alone)
    show("pubsub, feed beside the recorder", recorded)
    show("pubsub, stream that was recorded", stream)
  }

  private func burst(isRecorded: Bool, _ judge: (TestServer, Feed, Tally) throws -> Void) throws {
    let server = try TestServer()
    let handler = isRecorded ? try Programs.startHandler(server.server.port) : nil
    let tally = Tally(messages, server.loop, server.endpoint)
    try server.wait { tally.isCaughtUp && tally.isRecorded == isRecorded }
    try server.wait { (try? server.call("PUBLISH", "agent.probe", "{}"))?.integer == (isRecorded ? 2 : 1) }
    let feed = try Feed(
      ["--numbered", "--count", "\(messages)", "--rate", "\(rate)", "--length", "\(length)"], port: server.server.port)
    // Its messages are put together first.
    try server.loop.wait { tally.firstAt != nil || !feed.child.isRunning }
    tally.waitForAll(server.loop)
    try server.loop.wait { !feed.child.isRunning }
    try judge(server, feed, tally)
    guard handler?.isRunning != false else { throw Mismatch("the handler ended") }
  }

  /// Until the recorder has written all that it heard.
  private func waitForStream(_ server: TestServer) throws {
    var last = -1
    while case let length = try server.length("agentos:events"), length != last {
      last = length
      server.loop.turn(forMilliseconds: 1000)
    }
  }

  private func show(_ name: String, _ result: Result) {
    report.add("\(name), published in", "s", result.published)
    report.add("\(name), counted in", "s", result.counted)
    report.add("\(name), lost", "of \(messages)", result.lost, target: .atMost(0))
    report.add("\(name), twice", "of \(messages)", result.twice, target: .atMost(0))
  }
}
