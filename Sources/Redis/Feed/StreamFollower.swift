import Loop
import Wire

/// Follows one stream from a place on, entry by entry, on a connection of its own that comes back by itself.
package final class StreamFollower {
  /// What it tells its owner.
  package enum Update {
    /// The place to begin at is known: nothing that is added from here on is missed.
    case ready
    /// Bytes are valid only during the call; an entry without `__data__` has none.
    case entry(StreamID, UnsafeRawBufferPointer)
    /// The connection ended, or an attempt to make one did.
    case down(ConnectionFailure)
  }

  /// How long the server may keep a read waiting.
  private static let blockMilliseconds = 5000
  /// With nothing heard for longer the connection is dead, whatever the system says of it.
  private static let silenceMilliseconds: Int64 = 10_000
  /// A pause before the next read lets a burst gather, which costs both sides less.
  private static let pauseMilliseconds: Int64 = 5

  private let loop: Loop
  private let key: [UInt8]
  private let endpoint: Endpoint
  private let notify: (Update) -> Void
  private var last: StreamID?
  private var isReady = false
  private var silence: Loop.TimerID?
  private lazy var link = Link(loop: loop, endpoint: endpoint) { [unowned self] in changed($0) }
  private lazy var assembler = EntryAssembler(.read, streams: [key]) { [unowned self] entry in
    last = entry.id
    notify(.entry(entry.id, entry.payload ?? UnsafeRawBufferPointer(start: nil, count: 0)))
  }

  /// - Parameter last: the entry after which to begin; nil for the stream's end as it is when the connection stands.
  package init(
    loop: Loop, endpoint: Endpoint, key: [UInt8], after last: StreamID? = nil, _ notify: @escaping (Update) -> Void
  ) {
    self.loop = loop
    self.endpoint = endpoint
    self.key = key
    self.last = last
    self.notify = notify
  }

  package func start() { link.start() }

  package func stop() { link.stop() }

  private func changed(_ notice: Link.Update) {
    switch notice {
    case .up(let connection): if last == nil { findEnd(connection) } else { begin(connection) }
    case .down(let failure): notify(.down(failure))
    }
  }

  /// A concrete id: `$` would lose what is added between two reads.
  private func findEnd(_ connection: Connection) {
    connection.send(Request("XINFO", "STREAM", key)) { [weak self, weak connection] result in
      guard let self, let connection, case .success(let reply) = result else { return }
      // A stream that does not exist yet is read from its beginning.
      if let error = reply.error, !error.text.contains("no such key") { return link.restart(.refused(error)) }
      last = reply.field("last-generated-id")?.bytes.flatMap { StreamID($0) } ?? .zero
      begin(connection)
    }
  }

  private func begin(_ connection: Connection) {
    if !isReady {
      isReady = true
      notify(.ready)
    }
    read(connection)
  }

  private func read(_ connection: Connection) {
    let request = Request("XREAD", "COUNT", 1000, "BLOCK", Self.blockMilliseconds, "STREAMS", key, last ?? .zero)
    silence = loop.schedule(inMilliseconds: Self.silenceMilliseconds) { [weak self] in
      self?.link.restart(.silent(milliseconds: Self.silenceMilliseconds))
    }
    connection.send(request, expecting: .entries(assembler)) { [weak self, weak connection] result in
      guard let self else { return }
      loop.cancel(silence)
      guard case .success(let reply) = result else { return }
      if let error = reply.error { return link.restart(.refused(error)) }
      loop.schedule(inMilliseconds: Self.pauseMilliseconds) { [weak self, weak connection] in
        guard let self, let connection, connection === link.connection else { return }
        read(connection)
      }
    }
  }
}

extension Reply {
  /// The value after a name in a flat array whose values may be of any form, as XINFO answers.
  package func field(_ name: String) -> Reply? {
    guard let elements else { return nil }
    for index in stride(from: 0, to: elements.count - 1, by: 2) where elements[index].text == name {
      return elements[index + 1]
    }
    return nil
  }
}
