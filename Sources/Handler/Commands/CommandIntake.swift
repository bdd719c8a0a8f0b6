import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Reads the streams of commands as a member of the handlers' group: first what was delivered and not finished, to
/// this handler or another, then what is new.
///
/// What another has pending is taken over at once: its fence is lower, so that it cannot act any more, and marks tell
/// what it has done. Later on only what lies idle for twice as long as any action takes is taken again.
final class CommandIntake {
  private let session: LeaseSession
  private let dispatcher: Dispatcher
  private let endpoint: Endpoint
  /// One connection that blocks in reading.
  private lazy var link = Link(loop: session.loop, endpoint: endpoint) { [weak self] in self?.changed($0) }
  /// The common stream, and operators' own as far as they have been found.
  private(set) var streams: [[UInt8]] = []
  /// Streams whose group stands and whose pending entries have been taken.
  private var ready: Set<[UInt8]> = []
  private var isReading = false
  private lazy var watchdog = Watchdog(loop: session.loop, limit: 3 * Int64(Self.blockSpan))

  private static let discoverySpan: Int64 = 2000
  private static let blockSpan = 1000
  /// An entry that was delivered and then lost by a dying handler's last read lies idle for longer than this.
  private static let lostAfter: Int64 = 15_000
  /// How many entries are read at once: each may be as long as its sender likes.
  private static let pageCount = 32
  /// What has been delivered so often without an outcome ends whoever takes it.
  private static let mostDeliveries: Int64 = 5
  private static let suspectDeliveries: Int64 = 3
  /// What is claimed one at a time, and which of it is at work.
  private var suspects: [Delivery] = []
  private var claimed: Delivery?
  private var isClaiming = false

  init(session: LeaseSession, dispatcher: Dispatcher, endpoint: Endpoint) {
    self.session = session
    self.dispatcher = dispatcher
    self.endpoint = endpoint
    streams = [session.keys.commands]
  }

  func start() {
    dispatcher.onProgress = { [weak self] in
      self?.claimSuspect()
      self?.read()
    }
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
    (suspects, claimed, isClaiming) = ([], nil, false)
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
  private func prepare(_ stream: [UInt8]) {
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

  /// Takes what was delivered and not acknowledged: all of it, or what has been idle for so many milliseconds. What has
  /// been delivered too often is put aside.
  private func recover(_ stream: [UInt8], idle: Int64, from start: String = "-", _ completion: @escaping () -> Void) {
    guard let connection = link.connection else { return }
    let request = Request("XPENDING", stream, Keys.group, "IDLE", idle, start, "+", Self.pageCount)
    connection.send(request) { [weak self] result in
      guard let self, !session.isOver, case .success(let reply) = result else { return }
      if let error = reply.error {
        session.refused("cannot read which commands of \(text(stream)) are pending", error)
      }
      guard let elements = reply.elements else { return completion() }
      let pending = elements.compactMap { Pending($0) }
      let free = pending.filter { !self.dispatcher.holds(Delivery(stream: stream, entry: $0.entry)) }
      deadLetter(free.filter { $0.deliveries >= Self.mostDeliveries }, in: stream)
      suspect(free.filter { (Self.suspectDeliveries..<Self.mostDeliveries).contains($0.deliveries) }, of: stream)
      claim(free.filter { $0.deliveries < Self.suspectDeliveries }.map(\.entry), of: stream) { [weak self] in
        guard elements.count == Self.pageCount, let last = pending.last else { return completion() }
        self?.recover(stream, idle: idle, from: "(\(last.entry)", completion)
      }
    }
  }

  /// One line of XPENDING.
  private struct Pending {
    var entry: StreamID
    var deliveries: Int64

    init?(_ reply: Reply) {
      guard let parts = reply.elements, parts.count == 4, let entry = parts[0].bytes.flatMap({ StreamID($0) }),
        let deliveries = parts[3].integer
      else { return nil }
      self.entry = entry
      self.deliveries = deliveries
    }
  }

  private func claim(_ entries: [StreamID], of stream: [UInt8], _ completion: @escaping () -> Void) {
    guard !entries.isEmpty, let connection = link.connection else { return completion() }
    var request = Request("XCLAIM", stream, Keys.group, session.options.id, 0)
    for entry in entries { request.append(entry) }
    connection.send(request) { [weak self] result in
      guard let self, !session.isOver, case .success(let reply) = result else { return }
      if let error = reply.error {
        session.refused("cannot take pending commands of \(text(stream))", error)
      }
      let answers = reply.elements ?? []
      // From 7.0 on the server leaves out what was trimmed, and forgets it. Before, it answers null, and keeps it pending.
      let gone = zip(entries, answers).filter { $0.1.isNull }.map(\.0)
      take(answers.filter { !$0.isNull }, from: stream)
      let forgotten = reply.elements == nil ? 0 : entries.count - answers.count
      reportTrimmed(forgotten + gone.count, stillPending: gone, of: stream)
      completion()
    }
  }

  /// What may have ended the handlers before: each is claimed, and so counted, only once the one before it is through, so
  /// that none is put aside for what another did.
  private func suspect(_ pending: [Pending], of stream: [UInt8]) {
    let new = pending.map { Delivery(stream: stream, entry: $0.entry) }
    suspects += new.filter { !suspects.contains($0) }
    claimSuspect()
  }

  private func claimSuspect() {
    if let current = claimed, dispatcher.holds(current) || isClaiming { return }
    claimed = nil
    guard !suspects.isEmpty, !isClaiming else { return }
    let next = suspects.removeFirst()
    claimed = next
    isClaiming = true
    claim([next.entry], of: next.stream) { [weak self] in
      self?.isClaiming = false
      self?.claimSuspect()
    }
  }

  /// - Parameter ids: those that the server does not drop from the group's list by itself.
  private func reportTrimmed(_ count: Int, stillPending ids: [StreamID], of stream: [UInt8]) {
    guard count > 0 else { return }
    let reason = "\(count) commands were trimmed before they came to an outcome"
    session.log(.error, reason, ["stream": text(stream)])
    var transaction = Transaction()
    DeadLetter(source: stream, reason: reason, bytes: []).add(to: &transaction, keys: session.keys)
    for id in ids { transaction.change("XACK", stream, Keys.group, id) }
    session.run(transaction) { _ in }
  }

  private func deadLetter(_ pending: [Pending], in stream: [UInt8]) {
    for item in pending {
      session.read([Request("XRANGE", stream, item.entry, item.entry)]) { [weak self] replies in
        let fields = replies[0].elements?.first?.elements?.last?.pairs
        let payload = fields?.first { $0.name == Keys.dataField }?.value
        self?.dispatcher.deadLetter(
          payload, Delivery(stream: stream, entry: item.entry),
          reason: "it was delivered \(item.deliveries) times and came to no outcome")
      }
    }
  }

  /// Every few seconds takes what lies idle with nobody working on it: a read of this handler's that was lost.
  private func sweep() {
    let idle = max(Self.lostAfter, (session.options.longestAction * 2).milliseconds)
    session.later(inMilliseconds: Self.lostAfter) { [weak self] in
      guard let self else { return }
      for stream in ready {
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
    isReading = true
    let streams = streams.filter { ready.contains($0) }
    var request = Request(
      "XREADGROUP", "GROUP", Keys.group, session.options.id, "COUNT", Self.pageCount, "BLOCK", Self.blockSpan, "STREAMS"
    )
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
        take(pair[1].elements ?? [], from: stream)
      }
      read()
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

  private func take(_ entries: [Reply], from stream: [UInt8]) {
    for entry in entries {
      guard let parts = entry.elements, parts.count == 2, let id = parts[0].bytes.flatMap({ StreamID($0) }) else {
        continue
      }
      let payload = parts[1].pairs.first { $0.name == Keys.dataField }?.value
      dispatcher.take(payload, Delivery(stream: stream, entry: id))
    }
  }

  private func text(_ key: [UInt8]) -> String { String(decoding: key, as: UTF8.self) }
}
