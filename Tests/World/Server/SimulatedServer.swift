import Redis

/// A Redis server in memory: a ``RedisModel`` with its clients' sessions, reads that block, and channels.
///
/// It knows no time of its own: whoever simulates the world sets the clock, hands over bytes, and takes answers.
package final class SimulatedServer {
  /// Names one connection.
  package typealias SessionID = Int

  /// A class, so that its waiting requests are not copied with each use.
  private final class Session {
    var input = RequestParser()
    /// Requests behind one that blocks.
    var waiting: [[Bytes]] = []
    var blocked: Blocked?
    /// The server's count when it had done this session's last request.
    var offset = 0
    var channels: [Bytes] = []
    var patterns: [Bytes] = []

    var isSubscribed: Bool { !channels.isEmpty || !patterns.isEmpty }
  }

  private struct Blocked {
    var words: [Bytes]
    /// Microseconds; nil for no end.
    var until: Int64?
    /// What a WAIT waits for; nil for a read.
    var offset: Int?
  }

  package var model: RedisModel
  private var sessions: [SessionID: Session] = [:]
  /// What the model's streams were when reads that block were last looked at.
  private var servedChanges = 0
  /// How many requests it has done: what a replica is behind.
  package private(set) var offset = 0
  /// Up to which of them a replica has all.
  private var acknowledged = 0
  /// Told after each request.
  package var worked: () -> Void = {}
  /// Gets the bytes of answers and messages.
  package var answer: (SessionID, Bytes) -> Void = { _, _ in }
  /// Gets each request with its answer, in order.
  package var observe: (SessionID, [Bytes], Reply) -> Void = { _, _, _ in }

  package init(model: RedisModel) {
    self.model = model
  }

  /// When the next read that blocks gives up, in microseconds; nil if none does.
  package var nextDeadline: Int64? {
    var earliest: Int64?
    for session in sessions.values {
      if let until = session.blocked?.until { earliest = min(earliest ?? until, until) }
    }
    return earliest
  }

  package func open(_ id: SessionID) { sessions[id] = Session() }

  package func close(_ id: SessionID) { sessions[id] = nil }

  package func closeAll() { sessions = [:] }

  /// Takes bytes of a client.
  package func receive(_ bytes: Bytes, from id: SessionID) {
    guard let session = sessions[id] else { return }
    session.input.feed(bytes)
    while let request = session.input.next() { session.waiting.append(request) }
    work(id)
    serveBlocked()
  }

  /// Runs a command of nobody's session, such as a test's own.
  @discardableResult
  package func run(_ words: [Bytes]) -> Reply {
    let reply = model.run(words)
    offset += 1
    publish()
    serveBlocked()
    worked()
    return reply
  }

  /// A replica has all up to a count of requests.
  package func acknowledge(_ offset: Int) {
    acknowledged = offset
    for id in sessions.keys.sorted() {
      guard let blocked = sessions[id]?.blocked, let wanted = blocked.offset, wanted <= offset else { continue }
      sessions[id]?.blocked = nil
      finish(id, blocked.words, .integer(1))
      work(id)
    }
  }

  /// Ends reads that have blocked for as long as they may.
  package func clockMoved() {
    for id in sessions.keys.sorted() {
      guard let blocked = sessions[id]?.blocked, let until = blocked.until, until <= model.microseconds else {
        continue
      }
      sessions[id]?.blocked = nil
      finish(id, blocked.words, blocked.offset == nil ? .null : .integer(0))
      work(id)
    }
  }

  // MARK: Requests

  private func work(_ id: SessionID) {
    while let session = sessions[id], session.blocked == nil, !session.waiting.isEmpty {
      perform(id, session.waiting.removeFirst())
    }
  }

  private func perform(_ id: SessionID, _ words: [Bytes]) {
    let name = words.commandName
    switch name {
    case "SUBSCRIBE", "PSUBSCRIBE": subscribe(id, words, isPattern: name == "PSUBSCRIBE")
    case "PING" where sessions[id]?.isSubscribed == true:
      send(id, .array([.string("pong".bytes), .string([])]))
    case "XREAD", "XREADGROUP": read(id, words)
    case "WAIT": wait(id, words)
    default:
      let reply = model.run(words)
      offset += 1
      sessions[id]?.offset = offset
      publish()
      finish(id, words, reply)
      worked()
    }
  }

  /// WAIT replicas milliseconds: for what this session has had done last.
  private func wait(_ id: SessionID, _ words: [Bytes]) {
    let wanted = sessions[id]?.offset ?? 0
    guard model.replicas > 0, wanted <= acknowledged else { return block(id, words, wanted) }
    finish(id, words, .integer(1))
  }

  private func block(_ id: SessionID, _ words: [Bytes], _ wanted: Int) {
    let span = words.count > 2 ? words[2].wholeNumber ?? 0 : 0
    // A server without replicas counts none, however long it waits.
    let wanted = model.replicas > 0 ? wanted : .max
    sessions[id]?.blocked = Blocked(
      words: words, until: span > 0 ? model.microseconds + span * 1000 : nil, offset: wanted)
  }

  private func finish(_ id: SessionID, _ words: [Bytes], _ reply: Reply) {
    observe(id, words, reply)
    send(id, reply)
  }

  private func send(_ id: SessionID, _ reply: Reply) { answer(id, reply.encoded) }

  private func read(_ id: SessionID, _ words: [Bytes]) {
    let reply = model.run(words)
    guard reply.isNull, let at = words.firstIndex(of: "BLOCK".bytes), at + 1 < words.count,
      let span = words[at + 1].wholeNumber
    else { return finish(id, words, reply) }
    sessions[id]?.blocked = Blocked(words: words, until: span > 0 ? model.microseconds + span * 1000 : nil)
  }

  /// Gives to reads that block what has come; who has waited for longer is not told apart.
  private func serveBlocked() {
    guard model.streamChanges != servedChanges else { return }
    servedChanges = model.streamChanges
    for id in sessions.keys.sorted() {
      guard let blocked = sessions[id]?.blocked, blocked.offset == nil else { continue }
      let reply = model.run(blocked.words)
      guard !reply.isNull else { continue }
      sessions[id]?.blocked = nil
      finish(id, blocked.words, reply)
      work(id)
    }
  }

  // MARK: Channels

  private func subscribe(_ id: SessionID, _ words: [Bytes], isPattern: Bool) {
    for name in words.dropFirst() {
      if isPattern { sessions[id]?.patterns.append(name) } else { sessions[id]?.channels.append(name) }
      let count = (sessions[id]?.patterns.count ?? 0) + (sessions[id]?.channels.count ?? 0)
      let kind = isPattern ? "psubscribe" : "subscribe"
      send(id, .array([.string(kind.bytes), .string(name), .integer(Int64(count))]))
    }
  }

  private func publish() {
    let messages = model.published
    model.published = []
    for (channel, payload) in messages {
      for id in sessions.keys.sorted() {
        guard let session = sessions[id] else { continue }
        if session.channels.contains(channel) {
          send(id, .array([.string("message".bytes), .string(channel), .string(payload)]))
        }
        for pattern in session.patterns where Pattern.matches(pattern, channel) {
          send(
            id, .array([.string("pmessage".bytes), .string(pattern), .string(channel), .string(payload)]))
        }
      }
    }
  }
}
