import Redis
import TestThreads
import Testing
import Wire

/// What can be told of entries that were never read, by values.
@Suite(.threaded) struct StreamPlaceTests {
  private func id(_ number: UInt64) -> StreamID { StreamID(milliseconds: number) }

  private func info(_ length: Int, added: Int?, last: UInt64, first: UInt64?) -> StreamInfo {
    StreamInfo(length: length, added: added, lastID: id(last), firstID: first.map { id($0) })
  }

  /// A place that has read 1…3 of a stream, and knows it.
  private func read3() -> StreamPlace {
    var place = StreamPlace(key: [], after: .zero)
    expect(place.inspect(info(3, added: 3, last: 3, first: 1)), is: nil)
    for number in 1...3 { #expect(place.read(id(UInt64(number))) == nil) }
    return place
  }

  @Test func nothingIsMissedOfAStreamThatGrows() {
    var place = read3()
    expect(place.inspect(info(9, added: 9, last: 9, first: 1)), is: nil)
    for number in 4...9 { #expect(place.read(id(UInt64(number))) == nil) }
    expect(place.inspect(info(2, added: 9, last: 9, first: 8)), is: nil)
  }

  @Test func trimmedUnreadIsCountedExactly() {
    var place = read3()
    expect(place.inspect(info(2, added: 9, last: 9, first: 8)), is: .missed(4, after: id(3), before: id(8)))
    expect(place.read(id(8)), is: nil)
    expect(place.read(id(9)), is: nil)
    expect(place.inspect(info(1, added: 10, last: 10, first: 10)), is: nil)
  }

  @Test func trimmedJustUpToThePlaceIsNone() {
    var place = read3()
    expect(place.inspect(info(6, added: 9, last: 9, first: 4)), is: nil)
  }

  @Test func trimmedToNothingIsCountedToo() {
    var place = read3()
    expect(place.inspect(info(0, added: 9, last: 9, first: nil)), is: .missed(6, after: id(3), before: id(9)))
    #expect(place.last == id(9))
  }

  @Test func trimmedBetweenTwoLooksIsFoundAtTheNextKnownID() {
    var place = read3()
    expect(place.inspect(info(9, added: 9, last: 9, first: 1)), is: nil)
    expect(place.read(id(8)), is: nil)
    expect(place.read(id(9)), is: .missed(4, after: id(3), before: id(9)))
  }

  @Test func joiningInTheMiddleMissesNothing() {
    var place = StreamPlace(key: [], after: id(5))
    expect(place.inspect(info(4, added: 9, last: 9, first: 6)), is: nil)
    for number in 6...9 { #expect(place.read(id(UInt64(number))) == nil) }
    expect(place.inspect(info(1, added: 12, last: 12, first: 12)), is: .missed(2, after: id(9), before: id(12)))
  }

  @Test func beforeRedis7TheNumberIsUnknown() {
    var place = StreamPlace(key: [], after: .zero)
    _ = place.inspect(info(3, added: nil, last: 3, first: 1))
    _ = place.read(id(3))
    expect(place.inspect(info(2, added: nil, last: 9, first: 8)), is: .missed(nil, after: id(3), before: id(8)))
  }

  @Test func serverThatLostWritesIsFollowedFromItsEnd() {
    var place = read3()
    expect(place.inspect(info(2, added: 2, last: 2, first: 1)), is: .lostWrites(after: id(3), before: id(2)))
    #expect(place.last == id(2))
    expect(place.inspect(info(3, added: 3, last: 3, first: 1)), is: nil)
    expect(place.read(id(3)), is: nil)
  }

  @Test func serverThatLostWritesAndGrewPastThePlaceIsFoundToo() {
    var place = read3()
    expect(place.inspect(info(3, added: 3, last: 9, first: 1)), is: nil)
    expect(place.read(id(9)), is: .lostWrites(after: id(3), before: id(9)))
  }

  @Test func deletedStreamBeginsAnew() {
    var place = read3()
    expect(place.inspect(nil), is: .gone(after: id(3)))
    #expect(place.last == .zero)
    expect(place.inspect(nil), is: nil)
    expect(place.inspect(info(1, added: 1, last: 1, first: 1)), is: nil)
    expect(place.read(id(1)), is: nil)
  }

  @Test func streamThatNeverWasIsNotMissed() {
    var place = StreamPlace(key: [], after: id(5))
    expect(place.inspect(nil), is: nil)
    #expect(place.last == id(5))
    expect(place.inspect(info(2, added: 3, last: 9, first: 8)), is: .missed(1, after: id(5), before: id(8)))
  }
}
