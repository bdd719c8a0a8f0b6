import FleetModel
import Redis
import Wire

/// Reads several streams forward as one, in the order of their entries' ids, a page of each at a time: little of them is
/// held, however long they are.
///
/// A class, since the answers to its questions find their way back to it.
final class MergedReading<Item> {
  typealias Found = (id: StreamID, item: Item)
  /// Reads a page of a stream, behind an entry if one is named, and says whether it is the last.
  typealias Fetch = (_ stream: Int, _ last: StreamID?, _ completion: @escaping ([Found], _ isLast: Bool) -> Void) ->
    Void

  private struct Source {
    var page: ArraySlice<Found> = []
    var last: StreamID?
    var isOver = false
    var isAsked = false
  }

  private var sources: [Source]
  private let fetch: Fetch
  private let take: (_ stream: Int, StreamID, Item) -> Void
  private let finish: () -> Void
  private var isFinished = false

  /// - Parameters:
  ///   - take: gets each entry in its turn.
  ///   - finish: called once, after the last.
  init(
    _ count: Int, _ fetch: @escaping Fetch, take: @escaping (_ stream: Int, StreamID, Item) -> Void,
    finish: @escaping () -> Void
  ) {
    sources = Array(repeating: Source(), count: count)
    (self.fetch, self.take, self.finish) = (fetch, take, finish)
  }

  func start() { goOn() }

  private func goOn() {
    guard !isFinished else { return }
    while sources.allSatisfy({ !$0.page.isEmpty || $0.isOver }), let next = least {
      if let found = sources[next].page.popFirst() { take(next, found.id, found.item) }
    }
    if sources.allSatisfy({ $0.page.isEmpty && $0.isOver }) {
      isFinished = true
      return finish()
    }
    for index in sources.indices where sources[index].page.isEmpty && !sources[index].isOver && !sources[index].isAsked
    {
      ask(index)
    }
  }

  /// The stream whose next entry is the oldest; nil if no entry is left.
  private var least: Int? {
    let heads = sources.indices.compactMap { index in sources[index].page.first.map { (index: index, id: $0.id) } }
    return heads.min { $0.id < $1.id }?.index
  }

  private func ask(_ index: Int) {
    sources[index].isAsked = true
    fetch(index, sources[index].last) { [self] found, isLast in
      sources[index].isAsked = false
      sources[index].page = found[...]
      sources[index].last = found.last?.id ?? sources[index].last
      sources[index].isOver = isLast || found.isEmpty
      goOn()
    }
  }
}
