import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Reads the streams of commands as a member of the handlers' group: first what was delivered and not finished, to
/// this handler or another, then what is new.
///
/// What another has pending is taken over at once: its fence is lower, so that it cannot act any more, and marks tell
/// what it has done. What came later is read only then, so that commands keep their order.
///
/// A handler that does not know yet that its lease is gone may still read. So while one may, each read is followed by a
/// look at what is pending, and what was read enters its lanes with it, in the order of the stream. Later on only what
/// lies idle for twice as long as any action takes is taken again.
final class CommandIntake {
  let session: LeaseSession
  let dispatcher: Dispatcher
  /// What this process has taken and not finished, in this session or before.
  let unfinished: UnfinishedDeliveries
  private let endpoint: Endpoint
  /// One connection that blocks in reading.
  private(set) lazy var link = Link(loop: session.loop, endpoint: endpoint) { [weak self] in self?.changed($0) }
  /// The common stream, and operators' own as far as they have been found.
  private(set) var streams: [[UInt8]] = []
  /// Streams whose group stands and whose pending entries have been taken.
  private var ready: Set<[UInt8]> = []
  private var isReading = false
  private lazy var watchdog = Watchdog(loop: session.loop, limit: 3 * Int64(Self.blockSpan))

  private static let discoverySpan: Int64 = 2000
  private static let blockSpan = 1000
  /// How long a read waits while the handler before may read too.
  private static let settlingBlockSpan = 100
  /// An entry that was delivered and then lost by a dying handler's last read lies idle for longer than this.
  private static let lostAfter: Int64 = 15_000
  /// How many entries are read at once: each may be as long as its sender likes.
  static let pageCount = 32
  var recovery = PendingRecovery()

  init(session: LeaseSession, dispatcher: Dispatcher, unfinished: UnfinishedDeliveries, endpoint: Endpoint) {
    self.session = session
    self.dispatcher = dispatcher
    self.unfinished = unfinished
    self.endpoint = endpoint
    streams = [session.keys.commands]
  }

  func start() {
    dispatcher.onProgress = { [weak self] in
      self?.goOnIfCalm()
      self?.read()
    }
    dispatcher.onSettled = { [unfinished] in unfinished.remove($0) }
    link.start()
    discover()
    sweep()
  }

  func stop() {
    watchdog.rest()
    link.stop()
  }

  private func changed(_ notice: Link.Update) {
    watchdog.rest()
    isReading = false
    recovery.reset()
    ready = []
    guard case .up = notice else { return }
    for stream in streams { prepare(stream) }
  }

  // MARK: Streams and their group

  /// Looks for operators' own streams, now and every few seconds.
  private func discover() {
    scan(cursor: Array("0".utf8), found: [])
    session.later(inMilliseconds: Self.discoverySpan) { [weak self] in self?.discover() }
  }

  private func scan(cursor: [UInt8], found: [[UInt8]]) {
    let pattern = Glob.escape(session.keys.commands) + Array(":*".utf8)
    let request = Request("SCAN", cursor, "MATCH", pattern, "COUNT", 1000, "TYPE", "stream")
    session.read([request]) { [weak self] replies in
      guard let self, let parts = replies[0].elements, parts.count == 2, let next = parts[0].bytes else { return }
      for key in parts[1].elements?.compactMap(\.bytes) ?? [] where !streams.contains(key) {
        streams.append(key)
        prepare(key)
      }
      if next != Array("0".utf8) { scan(cursor: next, found: found) }
    }
  }

  /// Makes sure of the group, and takes what is pending.
  func prepare(_ stream: [UInt8]) {
    guard let connection = link.connection else { return }
    connection.send(Request("XGROUP", "CREATE", stream, Keys.group, "0", "MKSTREAM")) { [weak self] result in
      guard let self, !session.isOver, case .success(let reply) = result else { return }
      if let error = reply.error, error.code != "BUSYGROUP" {
        session.refused("cannot create the group of \(text(stream))", error)
        session.later(inMilliseconds: 1000) { [weak self] in self?.prepare(stream) }
        return
      }
      TrimmedCommandCounter(session: session, stream: stream).report { [weak self] in
        self?.recover(stream, idle: 0) { [weak self] in
          self?.ready.insert(stream)
          self?.read()
        }
      }
    }
  }

  // MARK: What was delivered before

  /// Every few seconds takes what lies idle with nobody working on it: a read of this handler's that was lost.
  private func sweep() {
    let idle = max(Self.lostAfter, (session.options.longestAction * 2).milliseconds)
    session.later(inMilliseconds: Self.lostAfter) { [weak self] in
      guard let self else { return }
      for stream in ready where !recovery.isUnderWay(stream) {
        TrimmedCommandCounter(session: session, stream: stream).report()
        recover(stream, idle: idle) {}
      }
      sweep()
    }
  }

  // MARK: Reading

  private func read() {
    guard !isReading, !session.isOver, !dispatcher.isFull, !ready.isEmpty, let connection = link.connection else {
      return
    }
    guard session.mayAct else { return session.endLate() }
    isReading = true
    let streams = streams.filter { ready.contains($0) }
    let isSettling = isSettling
    let span = isSettling ? Self.settlingBlockSpan : Self.blockSpan
    var request = Request(
      "XREADGROUP", "GROUP", Keys.group, session.options.id, "COUNT", Self.pageCount, "BLOCK", span, "STREAMS")
    for stream in streams { request.append(stream) }
    for _ in streams { request.append(">") }
    watchdog.expect(on: connection)
    connection.send(request) { [weak self] result in
      self?.watchdog.rest()
      guard let self, !session.isOver, case .success(let reply) = result else { return }
      isReading = false
      if let error = reply.error { return failed(error, streams) }
      for part in reply.elements ?? [] {
        guard let pair = part.elements, pair.count == 2, let stream = pair[0].bytes else { continue }
        let entries = pair[1].elements ?? []
        if isSettling { remember(entries, of: stream) } else { take(entries, from: stream) }
      }
      if isSettling { settle(streams) }
      read()
    }
  }

  /// Whether a handler before may still read: until its lease has run out, and a read that it began by then has ended.
  private var isSettling: Bool {
    session.age < session.options.leaseSpan.milliseconds + 2 * Int64(Self.blockSpan)
  }

  /// Takes what is pending of streams that were just read, what was read included. They are read on once that is done.
  private func settle(_ streams: [[UInt8]]) {
    ready.subtract(streams)
    for stream in streams {
      recover(stream, idle: 0) { [weak self] in
        self?.ready.insert(stream)
        self?.read()
      }
    }
  }

  /// Has these entries count as this process's own until they are claimed.
  private func remember(_ entries: [Reply], of stream: [UInt8]) {
    for case let id? in entries.map({ $0.elements?.first?.bytes.flatMap { StreamID($0) } }) {
      unfinished.insert(Delivery(stream: stream, entry: id))
    }
  }

  /// A group or a stream is gone: both are made again.
  private func failed(_ error: ServerError, _ streams: [[UInt8]]) {
    session.refused("cannot read commands", error)
    ready.subtract(streams)
    session.later(inMilliseconds: error.code == "NOGROUP" ? 50 : 1000) { [weak self] in
      guard let self else { return }
      for stream in self.streams where !ready.contains(stream) { prepare(stream) }
    }
  }

  func take(_ entries: [Reply], from stream: [UInt8]) {
    for entry in entries {
      guard let parts = entry.elements, parts.count == 2, let id = parts[0].bytes.flatMap({ StreamID($0) }) else {
        continue
      }
      let payload = parts[1].pairs.first { $0.name == Keys.dataField }?.value
      let delivery = Delivery(stream: stream, entry: id)
      unfinished.insert(delivery)
      dispatcher.take(payload, delivery)
    }
  }

  func text(_ key: [UInt8]) -> String { String(decoding: key, as: UTF8.self) }
}
