extension Fleet {
  /// Takes which conversations wait for a person; nil if none of that shard's agents ever said so.
  package mutating func setWaiting(_ book: WaitingBook?, ofShard shard: Int = 0) {
    guard waitingBooks[shard] != book else { return }
    waitingBooks[shard] = book
    let books = waitingBooks.sorted { $0.key < $1.key }.map(\.value)
    var whole = books.first
    for book in books.dropFirst() { whole?.merge(book) }
    waiting = whole
    revision += 1
    waitingRevision += 1
  }
}
