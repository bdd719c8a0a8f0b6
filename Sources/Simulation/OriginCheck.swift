import FleetModel
import Loop
import Redis
import Wire

/// Finds out whether a Redis serves anything but simulations: simulated trouble in a live fleet would be taken for real.
final class OriginCheck {
  /// Entries looked at from each end of the stream of events.
  private static let sample = 100
  private static let listensMilliseconds: Int64 = 1000

  private let loop: Loop
  private let keys: Keys
  private let connection: Connection
  private let finish: (String?) -> Void
  private var listener: Link?
  private var isFinished = false

  /// - Parameter finish: called once, with what is foreign here; nil if nothing is.
  init(loop: Loop, endpoint: Endpoint, keys: Keys, connection: Connection, _ finish: @escaping (String?) -> Void) {
    self.loop = loop
    self.keys = keys
    self.connection = connection
    self.finish = finish
    listener = Link(loop: loop, endpoint: endpoint) { [unowned self] notice in
      if case .up(let connection) = notice { listen(connection) }
    }
  }

  func start() {
    checkEnd("XRANGE", from: "-", to: "+")
    checkEnd("XREVRANGE", from: "+", to: "-")
    scan(cursor: Array("0".utf8))
    listener?.start()
  }

  private func end(_ finding: String?) {
    guard !isFinished else { return }
    isFinished = true
    listener?.stop()
    finish(finding)
  }

  private func checkEnd(_ command: String, from: String, to: String) {
    var foreign: String?
    let assembler = EntryAssembler(.range) { entry in
      if let payload = entry.payload {
        if !Self.isOurs(payload) { foreign = "its stream of events holds events from others (entry \(entry.id))" }
      } else if !entry.fields.contains(where: { $0.value.elementsEqual(SimulatedEvent.source.utf8) }) {
        foreign = "its stream of events holds events from others (entry \(entry.id))"
      }
    }
    let request = Request(command, keys.events, from, to, "COUNT", Self.sample)
    connection.send(request, expecting: .entries(assembler)) { [weak self] result in
      guard let self else { return }
      _ = assembler
      if case .success(let reply) = result, let error = reply.error {
        foreign = "its stream of events cannot be read: \(error)"
      }
      if let foreign { end(foreign) }
    }
  }

  /// Records of agents that no simulation has.
  private func scan(cursor: [UInt8]) {
    let prefix = keys.agent(.none)
    let request = Request("SCAN", cursor, "MATCH", prefix + [UInt8(ascii: "*")], "COUNT", 1000)
    connection.send(request) { [weak self] result in
      guard let self, !isFinished, case .success(let reply) = result, let parts = reply.elements, parts.count == 2
      else { return }
      let ids = parts[1].elements?.compactMap(\.bytes).map { AgentID(bytes: Array($0.dropFirst(prefix.count))) } ?? []
      if ids.contains(where: { !Roster.isSimulated($0) }) { return end("it holds records of agents of others") }
      if let next = parts[0].bytes, next != Array("0".utf8) { scan(cursor: next) }
    }
  }

  private func listen(_ connection: Connection) {
    let receiver = MessageReceiver(confirmed: { [weak self] in
      self?.loop.schedule(inMilliseconds: Self.listensMilliseconds) { [weak self] in self?.end(nil) }
    }) { [weak self] channel, payload in
      guard let self, !Self.isOurs(payload) else { return }
      end("others publish on its channels")
    }
    connection.subscribe(channels: [], patterns: Keys.recordedPatterns.map { Array($0.utf8) }, receiver)
  }

  /// Whether a payload is a simulated event, or what a recorder marks its hand-over with.
  static func isOurs(_ payload: UnsafeRawBufferPointer) -> Bool {
    if RecorderMarker.decode(payload) != nil { return true }
    guard let document = try? MessageFormat.document(payload) else { return false }
    return document["source"]?.text == SimulatedEvent.source
  }
}
