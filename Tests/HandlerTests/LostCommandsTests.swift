import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What is told of commands that were trimmed, by a server that does not count its entries: before Redis 7.0.
@Suite(.threaded) struct LostCommandsTests {
  private func bytes(_ text: String) -> Reply { .string(Array(text.utf8)) }

  private func stream(first: String?, last: String) -> Reply {
    let entry: Reply = first.map { .array([bytes($0), .array([])]) } ?? .null
    return .array([bytes("last-generated-id"), bytes(last), bytes("first-entry"), entry])
  }

  private func group(_ delivered: String) -> Reply {
    .array([.array([bytes("name"), .string(Keys.group), bytes("last-delivered-id"), bytes(delivered)])])
  }

  @Test(arguments: [
    // The last command that was handed out is still there, or was the last of all.
    ("1-0", "9-0", "5-0"), ("5-0", "9-0", "5-0"), ("9-0", "9-0", "9-0"), (nil, "9-0", "9-0"),
    // Nothing was ever handed out.
    ("7-0", "9-0", "0-0"), (nil, "9-0", "0-0"),
  ])
  func nothingIsToldWhileNobodyTrimmedPastTheGroup(first: String?, last: String, delivered: String) {
    #expect(TrimmedCommandCounter.gap(stream(first: first, last: last), group(delivered)) == nil)
  }

  @Test func trimBeyondWhatWasHandedOutMayHaveLostSome() {
    let some = TrimmedCommandCounter.gap(stream(first: "7-0", last: "9-0"), group("5-0"))
    #expect(some?.after == StreamID(Array("5-0".utf8)) && some?.before == StreamID(Array("7-0".utf8)))
    let all = TrimmedCommandCounter.gap(stream(first: nil, last: "9-0"), group("5-0"))
    #expect(all?.after == StreamID(Array("5-0".utf8)) && all?.before == StreamID(Array("9-0".utf8)))
  }

  @Test(arguments: [Reply.null, .array([]), .error(ServerError("ERR no such key"))])
  func answersThatSayNothingTellNothing(reply: Reply) {
    #expect(TrimmedCommandCounter.gap(reply, group("5-0")) == nil)
    #expect(TrimmedCommandCounter.gap(stream(first: "7-0", last: "9-0"), reply) == nil)
  }
}
