import FleetModel
import Testing

@testable import Wire

struct TimeAndIDTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00.000Z", 0), ("2026-11-22T08:00:00.000Z", 1_795_334_400_000),
    ("2000-02-29T23:59:59.999Z", 951_868_799_999), ("1969-12-31T23:59:59.999Z", -1),
    ("1900-03-01T00:00:00.000Z", -2_203_891_200_000), ("0000-01-01T00:00:00.000Z", -62_167_219_200_000),
    ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
  ])
  func timesAreWrittenAndReadInUTC(text: String, milliseconds: Int64) {
    #expect(ISO8601.format(Instant(milliseconds: milliseconds)) == text)
    #expect(ISO8601.parse(text) == Instant(milliseconds: milliseconds))
  }

  @Test(arguments: [
    ("2025-09-25T21:30:00.000000+00:00", 1_758_835_800_000), ("2025-09-25T21:30:00.123456Z", 1_758_835_800_123),
    ("2025-09-25T21:30:00", 1_758_835_800_000), ("2025-09-25 21:30", 1_758_835_800_000),
    ("2025-09-25T18:30:00-03:00", 1_758_835_800_000), ("2025-09-26T03:00:00+0530", 1_758_835_800_000),
    ("2025-09-25T23:30:00+02", 1_758_835_800_000), ("2025-09-25t21:30:00.5z", 1_758_835_800_500),
    ("2025-09-25", 1_758_758_400_000), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
  ])
  func otherWritersTimesAreRead(text: String, milliseconds: Int64) {
    #expect(ISO8601.parse(text) == Instant(milliseconds: milliseconds))
  }

  @Test(arguments: [
    "", "2025", "2025-13-01", "2025-00-01", "2025-02-29", "1900-02-29", "2025-04-31", "2025-01-00", "2025-1-1",
    "2025-09-25T", "2025-09-25T24:00", "2025-09-25T21:60", "2025-09-25T21:30:61", "2025-09-25T21:30:00.",
    "2025-09-25T21:30:00+25:00", "2025-09-25T21:30:00Zx", "2025-09-25T21:30:00 Z", "x2025-09-25", "２025-09-25",
  ])
  func whatIsNoTimeIsNotRead(text: String) {
    #expect(ISO8601.parse(text) == nil)
  }

  @Test func everyDayOfFourCenturiesComesBack() {
    for day in stride(from: -150_000 as Int64, to: 150_000, by: 7) {
      let instant = Instant(milliseconds: day * 86_400_000 + 12_345_678)
      #expect(ISO8601.parse(ISO8601.format(instant)) == instant)
    }
  }

  @Test func streamIDsAreReadComparedAndFollowed() throws {
    let id = try #require(StreamID("1795334137846-7".utf8))
    #expect(id == StreamID(milliseconds: 1_795_334_137_846, sequence: 7))
    #expect(id.description == "1795334137846-7")
    #expect(id.instant == Instant(milliseconds: 1_795_334_137_846))
    #expect(StreamID("5".utf8) == StreamID(milliseconds: 5, sequence: 0))
    #expect(StreamID.zero < StreamID(milliseconds: 0, sequence: 1))
    #expect(StreamID(milliseconds: 1, sequence: .max) < StreamID(milliseconds: 2))
    #expect(id.next().description == "1795334137846-8")
    #expect(StreamID(milliseconds: 1, sequence: .max).next() == StreamID(milliseconds: 2, sequence: 0))
    #expect(StreamID(milliseconds: .max, sequence: .max).next() == StreamID(milliseconds: .max, sequence: .max))
    #expect(StreamID("18446744073709551615-18446744073709551615".utf8)?.instant == Instant(milliseconds: .max))
  }

  @Test(arguments: ["", "-", "1-", "-1", "1-2-3", "a-1", "1-b", "18446744073709551616-0", "+1-0", " 1-0"])
  func whatIsNoStreamIDIsNotRead(text: String) {
    #expect(StreamID(text.utf8) == nil)
  }

  @Test func commandIDsAreUUIDsOfVersionSeven() {
    // The example of RFC 9562, appendix A.6.
    let id = UUIDv7.make(at: Instant(milliseconds: 0x017F_22E2_79B0), random: (0xCC3, 0x18C4_DC0C_0C07_398F))
    #expect(id.text == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    #expect(UUIDv7.make(at: .epoch, random: (.max, .max)).text == "00000000-0000-7fff-bfff-ffffffffffff")
  }

  @Test func keysAreBuiltFromOnePrefix() throws {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    let keys = Keys()
    #expect(text(keys.events) == "agentos:events")
    #expect(text(keys.lease) == "agentos:handler")
    #expect(text(keys.commands(of: "alice")) == "agentos:commands:alice")
    #expect(keys.agent(AgentID(bytes: [0xFF, 0x3A])) == Array("agentos:agent:".utf8) + [0xFF, 0x3A])
    #expect(text(keys.mark(CommandID("c1"), "a1").key) == "agentos:mark:c1/a1")
    #expect(text(keys.rollup("a1", hour: 498_703)) == "agentos:rollup:a1:498703")
    #expect(text(keys.controlChannel(.action(.blockIP))) == "agentos.control.block_ip")
    #expect(text(keys.recorderChannel) == "agentos.recorder")
    #expect(text(Keys(try KeyPrefix("s{1}")).dead) == "s{1}:dead")
  }
}
