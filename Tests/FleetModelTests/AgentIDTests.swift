import Testing

@testable import FleetModel

@Suite struct AgentIDTests {
  @Test func anIDHasAtMost512Bytes() {
    #expect(AgentID(outside: [UInt8](repeating: 0x61, count: 512)) != nil)
    #expect(AgentID(outside: [UInt8](repeating: 0x61, count: 513)) == nil)
    #expect(AgentID(outside: Array(String(repeating: "é", count: 256).utf8)) != nil)
    #expect(AgentID(outside: Array(String(repeating: "é", count: 257).utf8)) == nil)
    #expect(AgentID(outside: []) == AgentID.none)
  }

  @Test(arguments: 0..<20)
  func aByteThatIsNoUTF8MakesItNoneWhereverItStands(place: Int) {
    for byte: UInt8 in [0x80, 0xC3, 0xED, 0xFF] {
      var bytes = [UInt8](repeating: 0x61, count: 20)
      bytes[place] = byte
      #expect(bytes.withUnsafeBytes { AgentID.fault(in: $0) } == .notText)
    }
  }

  @Test func aSurrogateIsNone() {
    #expect(AgentID(outside: [0xED, 0xA0, 0x80]) == nil)
    #expect(AgentID(outside: Array("\u{FFFD}".utf8)) != nil)
  }
}
