import FleetModel
import Redis
import Wire

/// The dead letters of all shards, and what a command does with them: one of its functions, which ends the session.
///
/// A class, since the answers to its questions find their way back to it.
final class DeadLetters {
  private let fleet: FleetQuery
  private let streams: [DeadStream]

  /// Connects, does the work, and gives how it ended.
  static func run(_ redis: RedisOptions, _ work: @escaping (DeadLetters) -> Void) throws {
    try FleetQuery.run(try redis.wholeInstallation()) { work(DeadLetters($0)) }
  }

  private init(_ fleet: FleetQuery) {
    self.fleet = fleet
    streams = fleet.parts.map { DeadStream($0) }
  }

  // MARK: Looking

  func list(isJSON: Bool) {
    let reading = MergedReading<StoredDeadLetter>(streams.count) { [self] index, last, completion in
      streams[index].readPage(after: last) { entries, isLast in
        completion(entries.map { (id: $0.id, item: $0) }, isLast)
      }
    } take: { [self] index, _, entry in
      isJSON ? Output.json(entry.json) : Output.line(entry.line(at: streams[index].now))
    } finish: { [self] in
      fleet.end()
    }
    reading.start()
  }

  func show(_ id: String, isRaw: Bool) {
    find(id) { [self] found in
      defer { fleet.end() }
      guard let (stream, entry) = found else { return }
      guard isRaw else { return entry.lines(at: stream.now).forEach(Output.line) }
      guard let data = entry.data else { return fleet.complain(id, "it holds no bytes") }
      Output.raw(data)
    }
  }

  /// Finds an entry by what was typed; names it and goes on if there is none, or if nobody can tell which is meant.
  private func find(_ text: String, _ completion: @escaping ((stream: DeadStream, entry: StoredDeadLetter)?) -> Void) {
    guard let id = StreamID(Array(text.utf8)) else {
      fleet.complain(text, "is no entry's id; write one such as 1795334137846-0")
      return completion(nil)
    }
    fleet.send({ Request("XRANGE", $0.dead, id, id) }) { [self] answers in
      let found = answers.compactMap { part, reply in
        reply.elements?.first.flatMap { StoredDeadLetter($0) }.map { (stream: DeadStream(part), entry: $0) }
      }
      if found.isEmpty { fleet.complain(text, "no such entry") }
      if found.count > 1 {
        let shards = ShardNames.words(found.compactMap(\.stream.shard))
        let prefix = found[0].stream.keys.prefix
        fleet.complain(text, "\(shards) have an entry with this id; name one: --prefix '\(prefix)' without --shards")
      }
      completion(found.count == 1 ? found[0] : nil)
    }
  }

  // MARK: Putting back

  func retryAll() {
    each(
      streams[...],
      { [self] stream, next in
        stream.newest { newest in
          guard let newest else { return next() }
          // What dies again meanwhile stays.
          stream.pages(
            through: newest,
            { [self] entries, goOn in each(entries[...], { stream.retry($0, then: $1) }, end: goOn) }, end: next)
        }
      }, end: { [self] in fleet.end() })
  }

  func retry(_ ids: [String]) {
    each(
      ids[...],
      { [self] id, next in
        find(id) { found in
          guard let (stream, entry) = found else { return next() }
          stream.retry(entry, then: next)
        }
      }, end: { [self] in fleet.end() })
  }

  // MARK: Dropping

  func dropAll() {
    var count: Int64 = 0
    each(
      streams[...],
      { stream, next in
        stream.newest { newest in
          guard let newest else { return next() }
          // What comes meanwhile nobody has seen, and it stays.
          stream.send(Request("XTRIM", stream.keys.dead, "MINID", newest.next())) { reply in
            count += reply.integer ?? 0
            next()
          } orElse: {
            next()
          }
        }
      },
      end: { [self] in
        if count > 0 { Output.line("dropped \(count)") }
        fleet.end()
      })
  }

  func drop(_ ids: [String]) {
    each(
      ids[...],
      { [self] id, next in
        find(id) { found in
          guard let (stream, entry) = found else { return next() }
          stream.send(Request("XDEL", stream.keys.dead, entry.id)) { _ in
            Output.line("dropped \(entry.id)")
            next()
          } orElse: {
            stream.complain("\(entry.id)", "not dropped")
            next()
          }
        }
      }, end: { [self] in fleet.end() })
  }

  /// Does one after the other.
  private func each<Element>(
    _ rest: ArraySlice<Element>, _ work: @escaping (Element, _ next: @escaping () -> Void) -> Void,
    end: @escaping () -> Void
  ) {
    var rest = rest
    // What is done at once goes round the loop: each that called the next would end the stack.
    while let first = rest.popFirst() {
      var (isDone, isWaitedFor) = (false, false)
      work(first) { [self] in
        isDone = true
        if isWaitedFor { each(rest, work, end: end) }
      }
      guard isDone else {
        isWaitedFor = true
        return
      }
    }
    end()
  }
}
