import Console
import FleetModel
import Redis
import Wire

/// Looks backward through a stream for an agent's latest events, a page at a time.
final class EventSearch {
  private let agent: AgentID
  private let stream: [UInt8]
  private let decoder = EventDecoder()
  private var found: [EventDigest] = []
  private var pages = 0

  /// How many are wanted, and how far to look for them.
  private static let wanted = 20
  private static let page = 500
  private static let mostPages = 40

  init(agent: AgentID, stream: [UInt8]) {
    self.agent = agent
    self.stream = stream
  }

  /// Calls `completion` once, with the newest first; with what there is so far if the link breaks.
  func run(on feed: EventFeed, before end: String = "+", _ completion: @escaping ([EventDigest]) -> Void) {
    var oldest: StreamID?
    var count = 0
    let assembler = EntryAssembler(.range) { entry in
      oldest = entry.id
      count += 1
      self.look(at: entry)
    }
    let request = Request("XREVRANGE", stream, end, "-", "COUNT", Self.page)
    let isSent = feed.send(request, expecting: .entries(assembler)) { [weak feed] result in
      self.pages += 1
      let isOver = count < Self.page || self.found.count >= Self.wanted || self.pages >= Self.mostPages
      guard !isOver, let feed, let oldest, case .success = result else {
        return completion(Array(self.found.prefix(Self.wanted)))
      }
      self.run(on: feed, before: "(\(oldest)", completion)
    }
    if !isSent { completion(found) }
  }

  private func look(at entry: Entry) {
    guard found.count < Self.wanted, let payload = entry.payload,
      let event = try? decoder.decode(payload, channel: entry.channel, receivedAt: entry.id.instant),
      event.agentID == agent
    else { return }
    found.append(
      EventDigest(
        at: entry.id.instant, type: event.typeName.clipped(toBytes: TextBound.title), data: EventLine.excerpt(event)))
  }
}
