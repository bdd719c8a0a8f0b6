import Console
import FleetModel
import Redis
import Wire

/// Finds the entry under which the event of an incident stands in the stream. A console that heard it on its channel
/// has not seen its entry, for what was heard is not read again.
final class EventTracer {
  private let incident: Incident
  private let stream: [UInt8]
  private let reader = EventReader()
  private var best: (id: StreamID, distance: Int64)?
  private var pages = 0
  /// Whether what follows can only be further away.
  private var isOver = false

  /// How far around the moment it was heard its entry may stand: the server's time is known to some milliseconds, and
  /// what a recorder that died has missed is written seconds later.
  private static let before = TimeSpan.milliseconds(250)
  private static let after = TimeSpan.seconds(15)
  private static let page = 500
  private static let mostPages = 40

  init(_ incident: Incident, stream: [UInt8]) {
    self.incident = incident
    self.stream = stream
  }

  /// Calls `completion` once.
  func run(on feed: EventFeed, _ completion: @escaping (EventTrace) -> Void) {
    read(from: "\((incident.at - Self.before).milliseconds)", on: feed, completion)
  }

  private func read(from start: String, on feed: EventFeed, _ completion: @escaping (EventTrace) -> Void) {
    var last: StreamID?
    var count = 0
    let assembler = EntryAssembler(.range) { entry in
      last = entry.id
      count += 1
      self.look(at: entry)
    }
    let end = (incident.at + Self.after).milliseconds
    let request = Request("XRANGE", stream, start, "\(end)", "COUNT", Self.page)
    let isSent = feed.send(request, expecting: .entries(assembler)) { [weak feed] result in
      self.pages += 1
      guard let feed, case .success(let reply) = result, reply.error == nil else { return completion(.unknown) }
      let isRead = count < Self.page || self.isOver
      guard !isRead, self.pages < Self.mostPages, let last else {
        return completion(self.best.map { .entry($0.id.description) } ?? (isRead ? .absent : .unknown))
      }
      self.read(from: "(\(last)", on: feed, completion)
    }
    if !isSent { completion(.unknown) }
  }

  /// Of several that say the same, the nearest in time is meant.
  private func look(at entry: Entry) {
    let distance = entry.id.instant - incident.at
    if let best, distance.milliseconds > best.distance { isOver = true }
    guard !isOver else { return }
    let gap = Int64(clamping: distance.milliseconds.magnitude)
    // What cannot be read is none of the incidents.
    try? reader.read(entry, receivedAt: entry.id.instant) { event in
      if isMeant(event), gap < best?.distance ?? .max { best = (entry.id, gap) }
    }
  }

  private func isMeant(_ event: borrowing Event) -> Bool {
    guard event.kind == incident.kind, event.agentID == incident.agent else { return false }
    return Incident.summary(of: event) == incident.summary
  }
}
