import FleetModel
import Loop
import Redis
import Wire

/// Reads the streams of commands as a member of the handlers' group: first what was delivered and not finished, to
/// this handler or another, then what is new.
///
/// What another has pending is taken over at once: its fence is lower, so that it cannot act any more, and marks tell
/// what it has done.
final class CommandIntake {
  private let term: Term
  private let dispatcher: Dispatcher
  private let endpoint: Endpoint
  /// One connection that blocks in reading.
  private lazy var link = Link(loop: term.loop, endpoint: endpoint) { [weak self] in self?.changed($0) }
  /// The common stream, and operators' own as far as they have been found.
  private(set) var streams: [[UInt8]] = []
  /// Streams whose group stands and whose pending entries have been taken.
  private var ready: Set<[UInt8]> = []
  private var isReading = false
  private lazy var watchdog = Watchdog(loop: term.loop, limit: 3 * Int64(Self.blockSpan))

  private static let discoverySpan: Int64 = 2000
  private static let blockSpan = 1000
  /// An entry that was delivered and then lost by a dying handler's last read lies idle for longer than this.
  private static let lostAfter = 15_000

  init(term: Term, dispatcher: Dispatcher, endpoint: Endpoint) {
    self.term = term
    self.dispatcher = dispatcher
    self.endpoint = endpoint
    streams = [term.keys.commands]
  }

  func start() {
    dispatcher.onProgress = { [weak self] in self?.read() }
    link.start()
    discover()
    sweep()
  }

  func stop() {
    watchdog.rest()
    link.stop()
  }

  private func changed(_ notice: Link.Notice) {
    watchdog.rest()
    isReading = false
    ready = []
    guard case .up = notice else { return }
    for stream in streams { prepare(stream) }
  }

  // MARK: Streams and their group

  /// Looks for operators' own streams, now and every few seconds.
  private func discover() {
    scan(cursor: Array("0".utf8), found: [])
    term.later(inMilliseconds: Self.discoverySpan) { [weak self] in self?.discover() }
  }

  private func scan(cursor: [UInt8], found: [[UInt8]]) {
    let pattern = Glob.escape(term.keys.commands) + Array(":*".utf8)
    let request = Request("SCAN", cursor, "MATCH", pattern, "COUNT", 1000, "TYPE", "stream")
    term.read([request]) { [weak self] replies in
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
      guard let self, !term.isOver, case .success(let reply) = result else { return }
      if let error = reply.error, error.code != "BUSYGROUP" {
        term.log(.error, "cannot create the group", ["stream": text(stream), "error": error.text])
        term.later(inMilliseconds: 1000) { [weak self] in self?.prepare(stream) }
        return
      }
      claim(stream, from: Array("0-0".utf8), idle: 0) { [weak self] in
        self?.ready.insert(stream)
        self?.read()
      }
    }
  }

  private func claim(_ stream: [UInt8], from start: [UInt8], idle: Int, _ completion: @escaping () -> Void) {
    guard let connection = link.connection else { return }
    let request = Request("XAUTOCLAIM", stream, Keys.group, term.options.id, idle, start, "COUNT", 100)
    connection.send(request) { [weak self] result in
      guard let self, !term.isOver, case .success(let reply) = result else { return }
      guard let parts = reply.elements, parts.count >= 2, let next = parts[0].bytes else { return completion() }
      take(parts[1].elements ?? [], from: stream)
      if next == Array("0-0".utf8) { completion() } else { claim(stream, from: next, idle: idle, completion) }
    }
  }

  /// Every few seconds takes what lies idle with nobody working on it.
  private func sweep() {
    term.later(inMilliseconds: Int64(Self.lostAfter)) { [weak self] in
      guard let self else { return }
      for stream in ready { claim(stream, from: Array("0-0".utf8), idle: Self.lostAfter) {} }
      sweep()
    }
  }

  // MARK: Reading

  private func read() {
    guard !isReading, !term.isOver, !dispatcher.isFull, !ready.isEmpty, let connection = link.connection else {
      return
    }
    isReading = true
    let streams = streams.filter { ready.contains($0) }
    var request = Request(
      "XREADGROUP", "GROUP", Keys.group, term.options.id, "COUNT", 128, "BLOCK", Self.blockSpan, "STREAMS")
    for stream in streams { request.append(stream) }
    for _ in streams { request.append(">") }
    watchdog.expect(on: connection)
    connection.send(request) { [weak self] result in
      self?.watchdog.rest()
      guard let self, !term.isOver, case .success(let reply) = result else { return }
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
    term.log(.warning, "cannot read commands", ["error": error.text])
    ready.subtract(streams)
    term.later(inMilliseconds: error.code == "NOGROUP" ? 0 : 1000) { [weak self] in
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
