import Glibc
import TestSupport
import TestThreads
import Testing
import Wire

/// What the programs do about files with slips that no parser may stumble over.
@Suite(.threaded) struct BrokenFileTests {
  private let folder: TemporaryFolder
  private var file: String { folder.file("file.toml") }
  private static let slips = ["[[[rules]]", "[=]", "[,]", "[(a)]", "[[.rules]]", "[[:rules]]"]

  init() throws { folder = try TemporaryFolder() }

  private func write(_ text: String) throws { try folder.write(text, to: "file.toml") }

  @Test(arguments: slips) func slipIsAnErrorWithItsLine(_ slip: String) throws {
    try write("# a comment\n\(slip)\n")
    let place = "\(file):2: not TOML: column "
    for options in [["--check", "--config", file], ["--check", "--runbook", file]] {
      let result = try Program(options, name: "vigia-handler").finish()
      #expect(result.status == 64 && result.errors.hasPrefix("Error: " + place), "\(options): \(result)")
    }
    let check = try Program(["runbook", "check", file]).finish()
    #expect(check.status == 1 && check.errors.hasPrefix("vigia: " + place), "\(check)")
    let theme = try Program(["--theme", file]).finish()
    #expect(theme.status == 64 && theme.errors.contains(place), "\(theme)")
  }

  @Test func handlerOutlivesSlipsInFilesThatItReadsAgain() throws {
    let server = try TestServer()
    try write("")
    let program = try Program(["--id", "h1", "--runbook", file], on: server.endpoint, name: "vigia-handler")
    try server.wait { program.errorsSoFar.contains(" info active fence=1\n") }
    func fault() -> String? {
      (try? server.call("GET", "agentos:handler").bytes.flatMap { LeaseCoding.decode($0) })?.fault
    }
    for (place, slip) in Self.slips.enumerated() {
      try write(String(repeating: "\n", count: place) + slip)
      program.child.signal(SIGHUP)
      try server.wait { fault()?.hasPrefix("runbook not taken: line \(place + 1): not TOML: column ") == true }
    }
    try write("[[rules]]\nid = 'a'\non = 'agent.x'\ndo = [{ action = 'pause' }]\n")
    program.child.signal(SIGHUP)
    try server.wait { fault() == nil }
    #expect(program.errorsSoFar.contains(" info settings read again files="))
    program.child.signal(SIGTERM)
    #expect(program.finish().status == 0)
  }

  @Test func fileWithoutEndIsTooLong() throws {
    let result = try Program(["--check", "--config", "/dev/zero"], name: "vigia-handler").finish()
    #expect(result.status == 64 && result.errors.hasPrefix("Error: /dev/zero: is longer than 1 MB"), "\(result)")
    let check = try Program(["runbook", "check", "/dev/zero"]).finish()
    #expect(check.status == 1 && check.errors == "vigia: /dev/zero: is longer than 1 MB\n", "\(check)")
  }
}
