import FleetModel
import Testing

@Suite struct IPAddressTests {
  @Test(
    arguments: [
      ("0.0.0.0", [0, 0, 0, 0]), ("203.0.113.9", [203, 0, 113, 9]), ("255.255.255.255", [255, 255, 255, 255]),
      ("::", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
      ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
      ("2001:db8::A", [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10]),
      ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
      ("1:2:3:4:5:6:7::", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]),
      ("::ffff:10.1.2.3", [10, 1, 2, 3]), ("::ffff:a01:203", [10, 1, 2, 3]),
    ] as [(String, [UInt8])])
  func addressIsItsBytes(text: String, bytes: [UInt8]) {
    #expect(IPAddress(text)?.bytes == bytes)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.+4", "1.2.3. 4", "1.2.3.", "١.2.3.4", "1.2.3.4/24",
    ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::1", "fe80::1%eth0",
    "::1.2.3", "1:2", "localhost", "::ffff:1.2.3.4.5", "1.2.3.4::", "1:1.2.3.4::", "1.2.3.4::1",
  ])
  func otherTextIsNoAddress(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.255.0.3", true), ("128.0.0.1", false), ("::1", true), ("::", false), ("::2", false),
    ("::ffff:127.0.0.1", true), ("::ffff:10.0.0.1", false), ("1::1", false),
  ])
  func loopbackIsKnown(text: String, isLoopback: Bool) {
    #expect(IPAddress(text)?.isLoopback == isLoopback)
  }

  @Test(arguments: [
    ("10.0.0.9", "10.0.0.9"), ("2001:DB8:0:0:0:0:0:A", "2001:db8::a"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
    ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"), ("0:0:1:1:0:0:1:1", "::1:1:0:0:1:1"), ("::", "::"), ("1::", "1::"),
    ("::FFFF:192.0.2.1", "192.0.2.1"),
  ])
  func oneAddressIsWrittenInOneWay(text: String, written: String) {
    #expect(IPAddress(text)?.description == written)
  }

  @Test(arguments: [
    ("0.0.0.0", true), ("::", true), ("::ffff:0.0.0.0", true), ("127.0.0.1", true), ("10.0.0.1", false), ("1::", false),
  ])
  func addressesOfNobodyElseAreLocal(text: String, isLocal: Bool) {
    #expect(IPAddress(text)?.isLocal == isLocal)
  }
}
