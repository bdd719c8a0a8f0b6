import CLinux
import Console
import FleetModel
import Glibc
import Insight
import Loop
import Wire

/// What the archive has of an agent's metrics: the daemon beside this program asks it, since it has the client.
///
/// A line of its answer is a metric's name and a step's beginning, count, mean, least, greatest and 95th of a hundred.
struct ArchivedHistory {
  /// Why there is none; the daemon has said more.
  struct Unread: Error, CustomStringConvertible {
    var description: String
  }

  /// A chart has no more columns than this on any terminal.
  private static let mostSteps: Int64 = 500
  private static let mostBytes = 64 << 20

  /// How long a step is: whole minutes, so that a span has a number of them that can be drawn.
  static func step(of span: TimeSpan) -> TimeSpan {
    let minutes = (span.milliseconds - 1) / (mostSteps * 60_000) + 1
    return .minutes(max(1, minutes))
  }

  /// Asks the archive of a file with `[archive]`, and waits for its answer.
  static func read(
    _ agent: AgentID, of prefix: KeyPrefix, from start: Instant, to end: Instant, config: String, _ table: MetricTable
  ) throws(Unread) -> [RollupSeries] {
    let step = step(of: end - start)
    let arguments = [
      "archive", "history", "--config", config, "--from", "\(max(0, start.milliseconds))", "--to",
      "\(max(0, end.milliseconds))", "--step", "\(step.milliseconds)", "--prefix", prefix.text, "--",
      String(decoding: agent.bytes, as: UTF8.self),
    ]
    return series(in: try output(of: arguments), step: step, table)
  }

  /// The series of each metric that the table knows, in order of the metric.
  static func series(in answer: [UInt8], step: TimeSpan, _ table: MetricTable) -> [RollupSeries] {
    var entries: [MetricID: [RollupSeries.Entry]] = [:]
    for line in String(decoding: answer, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard parts.count == 7, let metric = ShownMetric(named: String(parts[0]), table),
        let begin = Bounded.count(parts[1]), let count = Bounded.count(parts[2]), count > 0,
        let rollup = rollup(count: count, parts[3...].map { Double($0) ?? .nan })
      else { continue }
      entries[metric.id, default: []].append(
        RollupSeries.Entry(begin: Instant(milliseconds: Int64(begin)), span: step, rollup: rollup))
    }
    return entries.map { RollupSeries(metric: $0.key, $0.value) }.sorted { $0.metric < $1.metric }
  }

  private static func rollup(count: Int, _ numbers: [Double]) -> Rollup? {
    let (mean, rest) = (numbers[0], numbers[1...].map { Float($0) })
    guard mean.isFinite, rest.allSatisfy(\.isFinite) else { return nil }
    return Rollup(count: UInt32(clamping: count), sum: mean * Double(count), min: rest[0], max: rest[1], p95: rest[2])
  }

  private static func output(of arguments: [String]) throws(Unread) -> [UInt8] {
    guard let program = HandlerCommand.program else {
      throw Unread(description: "vigia-handler is not beside this program")
    }
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Unread(description: "cannot open a pipe") }
    for end in ends { vigia_set_close_on_exec(end) }
    defer { close(ends[0]) }
    let child: Child
    do throws(SystemError) {
      defer { close(ends[1]) }
      child = try Child(
        program, arguments, environment: Child.inheritedEnvironment, output: ends[1], newGroup: false)
    } catch {
      throw Unread(description: "\(error)")
    }
    let answer = read(ends[0])
    guard child.wait() == 0 else { throw Unread(description: "it cannot be read") }
    return answer
  }

  private static func read(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count < mostBytes {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return bytes
  }
}
