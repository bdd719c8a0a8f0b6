import FleetModel
import Glibc
import Testing

@testable import Configuration

/// What the program ships, and the manual shows, with slips of the hand: a file is taken or refused with a line.
@Suite struct MutationTests {
  private let files: [[UInt8]]

  init() throws {
    let folder = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let manual = try Self.bytes(of: folder + "/Sources/vigia/Manual/settings.md")
    // The handler's settings are the example that bounds how many agents are acted on at once.
    let examples = String(decoding: manual, as: UTF8.self).split(separator: "```toml\n").dropFirst()
    let settings = try #require(examples.first { $0.hasPrefix("parallel = ") }?.prefix { $0 != "`" })
    files = [
      RunbookFile.builtInText, try Self.bytes(of: folder + "/Themes/dark.toml"),
      try Self.bytes(of: folder + "/Themes/light.toml"), Array(settings.utf8),
    ]
  }

  private static func bytes(of path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    return bytes
  }

  /// A file with one to four slips. Half of the bytes that come in are such as TOML gives a meaning.
  private func mutation(of file: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    let special = Array("[]{}=.,\"'#\\\n\r\t +-_:0123456789eExobtfinau\u{0}".utf8)
    var bytes = file
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      let end = min(place + Int.random(in: 1...12, using: &random), bytes.count)
      let byte =
        Bool.random(using: &random) ? special.randomElement(using: &random) ?? 0 : .random(in: 0...255, using: &random)
      switch Int.random(in: 0...4, using: &random) {
      case 0: bytes.insert(byte, at: place)
      case 1: bytes.removeSubrange(place..<end)
      case 2 where place < end: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
      case 4 where Int.random(in: 0..<4, using: &random) == 0: bytes.removeLast(bytes.count - place)
      default: if place < end { bytes[place] = byte }
      }
    }
    return bytes
  }

  /// - Returns: whether the file was taken.
  private func isTaken(_ read: () throws(ConfigurationError) -> Void) throws -> Bool {
    do throws(ConfigurationError) {
      try read()
      return true
    } catch {
      let line = try #require(error.line, "\(error)")
      #expect(line >= 1)
      return false
    }
  }

  /// Each file 25,000 times.
  @Test(arguments: 0..<4) func hundredThousandMutationsAreTakenOrRefusedWithALine(file: Int) throws {
    var random = SeededRandom(seed: UInt64(file))
    var taken = 0
    for _ in 0..<25_000 {
      let bytes = mutation(of: files[file], &random)
      if try isTaken({ () throws(ConfigurationError) in _ = try TOMLDocument(bytes, file: "f") }) { taken += 1 }
    }
    #expect((2_000...23_000).contains(taken))
  }

  @Test func readersTakeMutationsOrRefuseThemWithALine() throws {
    var random = SeededRandom(seed: 14)
    var taken = 0
    for number in 0..<4_000 {
      let bytes = mutation(of: files[number % files.count], &random)
      let wasTaken = try isTaken { () throws(ConfigurationError) in
        switch number % files.count {
        case 0: _ = try RunbookFile.read(bytes, file: "f")
        case 3: _ = try HandlerFile.read(bytes, file: "f", environment: ["DEPLOY_TOKEN": "t"])
        default: _ = try ThemeFile.read(bytes, file: "f")
        }
      }
      if wasTaken { taken += 1 }
    }
    #expect((100...3_900).contains(taken))
  }
}
