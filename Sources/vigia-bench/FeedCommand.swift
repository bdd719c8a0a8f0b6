import ArgumentParser
import CLinux
import Glibc
import Loop
import TestSupport

/// `vigia-bench feed`: the process that publishes for the other commands, so that what they measure is not its own.
struct FeedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "feed", abstract: "Publish events at a pace.", shouldDisplay: false)

  /// How many different messages there are of a feed that goes on and on.
  private static let mostPrepared = 20_000

  @Option var port: UInt16
  @Option var agents = 1000
  @Option var rate = 20_000.0
  @Option var count = Int.max
  @Option(help: "The number of the first message.") var first = 0
  @Option(help: "How many entries the stream keeps.") var limit = 200_000
  @Option(help: "Fill messages up to this length.") var length: Int?
  @Flag(help: "Into the channel, each message with its number.") var numbered = false

  func run() throws {
    var traffic = Traffic(agents: agents)
    traffic.length = length
    traffic.destination = numbered ? .channel : .stream(limit: limit)
    traffic.isNumbered = numbered
    let feeder = try Feeder(traffic, port: port)
    feeder.prepare(first..<first + min(count, numbered ? count : Self.mostPrepared))
    print(try feeder.run(rate: rate, count: count))
  }
}

/// A feed under way; it ends when it is let go.
final class Feed {
  let child: Child
  private let output: Int32

  init(_ arguments: [String], port: UInt16) throws {
    output = vigia_memory_file("vigia-feed")
    child = try Child(Programs.own, ["feed", "--port", "\(port)"] + arguments, environment: [:], output: output)
  }

  deinit { close(output) }

  /// How many seconds it took; nil while it runs.
  var seconds: Double? {
    guard !child.isRunning else { return nil }
    var bytes = [UInt8](repeating: 0, count: 64)
    let length = pread(output, &bytes, bytes.count, 0)
    return Double(String(decoding: bytes.prefix(max(0, length)).filter { $0 != 10 }, as: UTF8.self))
  }
}

extension TestServer {
  /// Starts a feed of events into the stream and waits for the first.
  func startFeed(_ arguments: String...) throws -> Feed {
    let feed = try Feed(arguments, port: server.port)
    let before = try length("agentos:events")
    try wait { ((try? length("agentos:events")) ?? 0) != before }
    return feed
  }

  /// How many entries a stream has.
  func length(_ stream: String) throws -> Int { Int(try call("XLEN", stream).integer ?? 0) }
}
