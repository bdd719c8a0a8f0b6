import Automation
import FleetModel
import Testing

@testable import Handler

/// Notices in every order, services that answer anything, handlers that take over: by a seed, without a server.
@Suite struct OutboxWalkTests {
  private struct Walk {
    let table: NotifyTable
    var random: SeededRandom
    var outbox = Outbox()
    /// What the hash in Redis holds.
    var stored: [OutboxEntry.ID: OutboxEntry] = [:]
    /// What is under way, by channel.
    var sent: [String: OutboxEntry] = [:]
    var now = Instant(milliseconds: 1_795_334_400_000)
    var added = 0
    var delivered: Set<Int> = []
    var givenUp: Set<Int> = []

    mutating func pick<T>(_ all: [T]) -> T { all[Int.random(in: all.indices, using: &random)] }

    mutating func add() {
      added += 1
      let notice = Notice(
        key: pick(["a", "b", "c"]), status: pick([.firing, .firing, .updated, .resolved]),
        severity: pick([.high, .high, .low]), title: "t", at: now)
      let entry = OutboxEntry(
        id: .init(fence: 1, number: added), channel: pick(["slack", "pager", "alerts", "nobody"]), notice: notice,
        next: now, deadline: now + .minutes(15))
      stored[entry.id] = entry
      outbox.add(entry)
    }

    mutating func advance() throws {
      for task in outbox.advance(at: now, table) { try perform(task) }
      if let next = outbox.next { try #require(next > now, "what is due was done") }
    }

    mutating func perform(_ task: Outbox.Task) throws {
      switch task {
      case .send(let entry):
        try #require(sent.updateValue(entry, forKey: entry.channel) == nil, "one request a channel")
        let stands = try #require(stored[entry.id], "it was not dealt with before")
        let earlier = stored.values.filter {
          !$0.isActive && $0.id < entry.id && $0.channel == entry.channel && $0.notice.key == entry.notice.key
        }
        try #require(stands.isActive || earlier.isEmpty, "what comes of one key stays in order")
      case .keep(let entry): stored[entry.id] = entry
      case .remove(let entry): try #require(stored.removeValue(forKey: entry.id) != nil, "once")
      case .giveUp(let entry, _):
        try #require(stored.removeValue(forKey: entry.id) != nil, "once")
        givenUp.insert(entry.id.number)
      case .disable: break
      }
    }

    mutating func answer(_ result: DeliveryResult) throws {
      guard let name = sent.keys.sorted().randomElement(using: &random), let entry = sent.removeValue(forKey: name),
        let channel = table[name]
      else { return }
      if case .delivered = result { delivered.insert(entry.id.number) }
      let tasks = outbox.take(
        result, of: entry.id, on: name, channel: channel, at: now, chance: Double.random(in: 0..<1, using: &random))
      for task in tasks { try perform(task) }
    }

    /// Another handler takes over with what stands in Redis.
    mutating func takeOver() {
      (outbox, sent) = (Outbox(), [:])
      for entry in stored.values.sorted(by: { $0.id < $1.id }) { outbox.add(entry) }
    }

    mutating func run() throws {
      for _ in 0..<120 {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<6: add()
        case 6..<12:
          try answer(
            pick([
              .delivered(pause: nil), .delivered(pause: nil), .delivered(pause: .seconds(3)), .refused("HTTP 400"),
              .retry("HTTP 503", after: nil), .retry("HTTP 429", after: .seconds(9)),
              .retry("HTTP 503", after: .zero),
            ]))
        case 12: if Int.random(in: 0..<4, using: &random) == 0 { try answer(.endpointGone("HTTP 404")) }
        case 13: outbox.enableAll()
        case 14: takeOver()
        default: now = now + TimeSpan(milliseconds: Int64.random(in: 0...40_000, using: &random))
        }
        try advance()
      }
      outbox.enableAll()
      // From here on every service takes what it is told.
      for _ in 0..<2000 {
        try advance()
        if !sent.isEmpty {
          try answer(.delivered(pause: nil))
        } else if stored.values.contains(where: { !$0.isActive }), let next = outbox.next {
          now = max(now, next)
        } else {
          break
        }
      }
    }
  }

  @Test func everyNoticeComesToOneEnd() throws {
    let table = NotifyTable(channels: [
      "slack": Channel(.slack, url: "http://x"), "pager": Channel(.pagerduty, url: "http://x"),
      "alerts": Channel(.alertmanager, url: "http://x"),
    ])
    for seed in 0..<1000 as Range<UInt64> {
      var walk = Walk(table: table, random: SeededRandom(seed: seed))
      do { try walk.run() } catch { throw SeedFailure(seed: seed, error: error) }
      let left = walk.stored.values.filter { !$0.isActive }
      try #require(left.isEmpty && walk.sent.isEmpty, "seed \(seed): \(left.map(\.id.number)) are never told")
      let silent = Set(1...max(1, walk.added)).subtracting(walk.delivered).subtracting(walk.givenUp)
        .subtracting(walk.stored.keys.map(\.number))
      try #require(walk.added == 0 || silent.isEmpty, "seed \(seed): \(silent) were lost")
    }
  }

  private struct SeedFailure: Error {
    var seed: UInt64
    var error: any Error
  }
}
