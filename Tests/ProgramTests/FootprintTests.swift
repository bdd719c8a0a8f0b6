import TestThreads
import Testing

/// What a program needs beside itself.
@Suite(.threaded) struct FootprintTests {
  /// Foundation brings 34 MB of tables for the world's languages. What parses arguments needs the small part of it alone,
  /// `libFoundationEssentials.so`.
  @Test(arguments: ["vigia", "vigia-handler"])
  func programsDoWithoutFoundation(_ name: String) throws {
    let result = try Program([], through: ["/usr/bin/ldd"], name: name).finish()
    #expect(result.status == 0)
    #expect(result.output.contains("libc.so"), "\(result)")
    for library in [
      "libFoundation.so", "libFoundationInternationalization", "lib_FoundationICU", "libFoundationNetworking",
    ] {
      #expect(!result.output.contains(library))
    }
  }
}
