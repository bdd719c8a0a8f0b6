import FleetModel
import Wire

/// What events say of conversations that change hands, and is not written yet: in the order of the stream once all is read
/// that is read once more.
struct HandoffNewsQueue {
  struct Item {
    var entry: StreamID
    var news: HandoffNews
  }

  private var items: [Item] = []

  /// More do not wait to be written.
  private static let most = 4096

  var isEmpty: Bool { items.isEmpty }
  var isFull: Bool { items.count >= Self.most }
  var count: Int { items.count }

  /// The oldest entry whose news are not written.
  var oldest: StreamID? { items.lazy.map(\.entry).min() }

  func prefix(_ count: Int) -> [Item] { Array(items.prefix(count)) }

  /// The conversations that the news after the first `count` are about.
  func ids(behind count: Int) -> Set<Handoff.ID> { Set(items.dropFirst(count).lazy.map(\.news.id)) }

  func contains(_ id: Handoff.ID) -> Bool { items.contains { $0.news.id == id } }

  mutating func append(_ news: HandoffNews, _ entry: StreamID) { items.append(Item(entry: entry, news: news)) }

  mutating func sort() { items.sort { $0.entry < $1.entry } }

  mutating func removeFirst(_ count: Int) { items.removeFirst(min(count, items.count)) }

  /// Leaves out what concerns neither a book, nor a request that came early, nor a proposal, nor one that waits here.
  mutating func leaveOut(besides book: HandoffBook, _ trail: HandoffTrail) {
    guard !items.isEmpty else { return }
    var ids: Set<Handoff.ID> = []
    for item in items { if case .requested(let handoff) = item.news { ids.insert(handoff.id) } }
    items.removeAll { book[$0.news.id] == nil && !ids.contains($0.news.id) && !trail.concerns($0.news.id) }
  }
}
