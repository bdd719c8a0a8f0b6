import FleetModel
import Testing

@testable import HTTP

@Suite struct HTTPDateTests {
  @Test(arguments: [
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000),
    ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799_000), ("Sun, 22 Nov 2026 08:00:00 GMT", 1_795_334_400_000),
    ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799_000),
  ])
  func dateIsRead(_ text: String, _ milliseconds: Int64) {
    #expect(HTTPDate.parse(text) == Instant(milliseconds: milliseconds))
  }

  @Test(arguments: [
    "", "soon", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT", "Sun,  6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49.3Z GMT", "Süd, 06 Nov 1994 8:49:37 GMT",
  ])
  func anythingElseIsNone(_ text: String) {
    #expect(HTTPDate.parse(text) == nil)
  }
}
