import ArgumentParser
import FleetModel
import Redis
import Wire

/// `vigia tail`.
struct TailCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail", abstract: "Print events as they come, a line each.")

  @OptionGroup var redis: RedisOptions
  @Flag(help: "A line of JSON each, as recordings hold them.") var json = false
  @Option(help: "Begin this far back, such as 10m (default: now).") var history: TimeSpan?
  @Option(help: "End after so many lines (default: on Ctrl-C).") var count: Int?
  @Option(name: .customLong("stream"), help: "A further stream of events (several times).") var streams: [String] = []
  @Option(name: .customLong("channels"), help: "A further pattern of channels (several times).")
  var patterns: [String] = []

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count is not above 0") }
  }

  func run() throws {
    let session = try Session()
    let tail = Tail(session, try redis.wholeInstallation(), options: options, isJSON: json, limit: count)
    try session.onInterrupt { tail.end() }
    tail.start()
    try session.run()
  }

  private var options: EventFeed.Options {
    var options = EventFeed.Options()
    options.history = history ?? .zero
    options.followsHandler = false
    options.streams = streams.map { Array($0.utf8) }
    options.patterns = patterns
    return options
  }
}

/// Events on their way to stdout.
///
/// A class, since the feed's notices share it.
final class Tail {
  private let session: Session
  private let installation: Installation
  private var options: EventFeed.Options
  private let isJSON: Bool
  private var remaining: Int?
  /// Shards that have answered.
  private var reached: Set<Int> = []
  /// Those that never have, and were warned of.
  private var warned: Set<Int> = []
  /// Shards whose links are down.
  private var missing = MissingShards()
  /// Lines of the history of several shards, until it is read: then they are put in order.
  private var held: [(at: Instant, line: [UInt8])]?
  private var heldBytes = 0
  private lazy var feed = FleetFeed(
    loop: session.loop, endpoint: installation.endpoint, shards: installation.shards, options: options
  ) {
    [unowned self] event, origin in
    print(at: event.receivedAt) { isJSON ? json(event, origin) : text(event) }
  } notice: { [unowned self] in
    take($0, ofShard: $1)
  }

  /// More is not held: what comes after is in order by itself.
  private static let mostHeldBytes = 64 << 20

  init(_ session: Session, _ installation: Installation, options: EventFeed.Options, isJSON: Bool, limit: Int?) {
    self.session = session
    self.installation = installation
    self.options = options
    if installation.shards != nil, options.history > .zero { held = [] }
    self.options.keys = installation.keys
    self.isJSON = isJSON
    remaining = limit
  }

  func start() { feed.start() }

  private func take(_ notice: EventFeed.Update, ofShard shard: Int) {
    switch notice {
    case .unreadable(let reason, let origin):
      print(at: received(origin)) { isJSON ? json(reason, origin) : text(reason, origin) }
    case .caughtUp: release(isOver: true)
    case .missed(let missed): Output.error("vigia: \(words(missed))".shown)
    case .refused(_, let error): Output.error("vigia: \(error.advice.meaning); \(error.advice.next)".shown)
    case .link(let state): linkChanged(state, shard)
    case .audit, .recordsBegin, .record, .alerts, .judged, .proposals, .undelivered, .queues, .waiting, .maintenance,
      .automation,
      .handler,
      .stateTold,
      .insight, .levels, .leap,
      .served:
      break
    }
  }

  private func words(_ missed: EventFeed.Missed) -> String {
    let place = missed.stream.map { " of \(String(decoding: $0, as: UTF8.self))" } ?? ""
    let amount = missed.gap.count.map { "\($0) events" } ?? "events"
    return "\(amount)\(place) were missed, within \(missed.gap.length)"
  }

  private func print(at instant: Instant, _ line: () -> [UInt8]) {
    if let remaining, remaining <= 0 { return }
    guard held == nil else {
      let line = line()
      held?.append((instant, line))
      heldBytes += line.count + 48
      if heldBytes > Self.mostHeldBytes { release(isOver: false) }
      return
    }
    write(line())
  }

  /// Prints what was held, in the order of its time.
  private func release(isOver: Bool) {
    guard let lines = held else { return }
    (held, heldBytes) = (isOver ? nil : [], 0)
    for (_, line) in lines.sorted(by: { $0.at < $1.at }) { write(line) }
  }

  private func write(_ line: [UInt8]) {
    if let remaining, remaining <= 0 { return }
    Output.json(line)
    guard let remaining else { return }
    self.remaining = remaining - 1
    if remaining == 1 { end() }
  }

  /// Ends the session: what shards have whose links are down is missing.
  func end() { session.end(missing.isEmpty ? .done : .partial) }

  private func linkChanged(_ state: EventFeed.LinkState, _ shard: Int) {
    switch state {
    case .connecting: break
    case .up:
      reached.insert(shard)
      missing[shard] = nil
      warnOfMissing()
    case .down(_, _, let reason):
      guard !reached.isEmpty || feed.isConnecting else {
        return session.fail(.redisUnreachable, "Redis at \(installation.endpoint) cannot be reached: \(reason)".shown)
      }
      if installation.shards == nil { return Output.error("vigia: the link is down: \(reason)".shown) }
      sayLost(shard, reason)
    }
  }

  private func sayLost(_ shard: Int, _ reason: String) {
    missing[shard] = reason
    guard reached.contains(shard) else { return warnOfMissing() }
    Output.error("vigia: the link to \(ShardNames.words([shard])) is down: \(reason)".shown)
  }

  /// Warns once of each shard that has never answered, as soon as another has: what it has is in no line.
  private func warnOfMissing() {
    guard !reached.isEmpty else { return }
    var news = MissingShards()
    for shard in missing.shards where !reached.contains(shard) && warned.insert(shard).inserted {
      news[shard] = missing[shard]
    }
    if let warning = news.warning { Output.error(warning) }
  }

  private func json(_ event: Event, _ origin: EventFeed.Origin) -> [UInt8] {
    EventLine.encode(event, id: origin.id)
  }

  private func json(_ reason: Unreadable, _ origin: EventFeed.Origin) -> [UInt8] {
    let line: JSONValue = [
      "id": origin.id.map { .string($0.description) }, "received": .string(ISO8601.format(received(origin))),
      "unreadable": .string(reason.description),
    ]
    return line.encoded
  }

  private func text(_ event: Event) -> [UInt8] {
    let document = try? JSONValue.parse(event.bytes)
    let data = document?["data"].map { String(decoding: $0.encoded, as: UTF8.self) } ?? ""
    let type = event.typeName.shown
    let pad = String(repeating: " ", count: max(1, 27 - type.count))
    return Array("\(time(event.receivedAt)) \(type)\(pad)\(event.agentID.description.shown) \(data.shown)".utf8)
  }

  private func text(_ reason: Unreadable, _ origin: EventFeed.Origin) -> [UInt8] {
    Array("\(time(received(origin))) unreadable: \(reason)\(origin.id.map { " (entry \($0))" } ?? "")".utf8)
  }

  private func received(_ origin: EventFeed.Origin) -> Instant { feed.time(of: origin) }

  /// Hours to milliseconds, UTC.
  private func time(_ instant: Instant) -> Substring { ISO8601.format(instant).dropFirst(11).dropLast() }
}

extension EventFeed.Origin {
  /// The entry's id; nil for what was heard on a channel.
  var id: StreamID? {
    switch self {
    case .channel: nil
    case .entry(let id): id
    }
  }
}
