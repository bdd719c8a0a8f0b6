import FleetModel
import Glibc
import Loop

/// The handler's log: a line a fact, with its time, level, message and values, and never a secret.
///
/// A class, because all parts of the handler write to the one log, and its settings change while it runs.
package final class Log {
  package enum Level: String, CaseIterable, Comparable, Sendable {
    case debug, info, warning, error

    package static func < (left: Level, right: Level) -> Bool { left.weight < right.weight }

    private var weight: Int {
      switch self {
      case .debug: 0
      case .info: 1
      case .warning: 2
      case .error: 3
      }
    }
  }

  package enum Format: String, CaseIterable, Sendable {
    /// `time level message key=value …`
    case text
    /// `{"time","level","message",key…}`
    case json
  }

  /// What is written, and how.
  package struct Settings: Equatable, Sendable {
    package var format: Format
    /// Lines of lower levels are left out.
    package var level: Level
    /// Texts that are written as `***` wherever they appear; those under 4 bytes are left alone.
    package var secrets: [String]
    /// Whether the lines go to the journal, which takes the level of a text line from its first characters.
    package var isForJournal: Bool

    package init(
      format: Format = .text, level: Level = .info, secrets: [String] = [], isForJournal: Bool = false
    ) {
      self.format = format
      self.level = level
      self.secrets = secrets
      self.isForJournal = isForJournal
    }
  }

  /// The time by the wall, for the line, and by a clock that never steps, for what is repeated.
  package struct Moment: Sendable {
    package var wall: Instant
    package var monotonic: MonotonicTime

    package init(wall: Instant, monotonic: MonotonicTime) {
      self.wall = wall
      self.monotonic = monotonic
    }

    package static var now: Moment { Moment(wall: Instant(milliseconds: WallTime.milliseconds), monotonic: .now) }
  }

  private var settings: Settings
  /// What stands in each line, behind its own values.
  private let commonValues: [(key: String, value: String)]
  /// Takes out of texts what must not be read: not of lines alone, but of all that comes back from outside.
  package private(set) var redaction: Redaction
  private var limiter = LogRateLimiter()
  /// A line as it was written, without secrets.
  package struct Record: Sendable {
    package var time: Instant
    package var level: Level
    package var message: String
    package var values: [(key: String, value: String)]
  }

  /// Gets each line that is written; nil if nobody wants them. What it says in the log itself it gets too.
  package var follow: ((Record) -> Void)?
  private let clock: () -> Moment
  private let write: ([UInt8]) -> Void
  /// Calls back at a time, so that repeats are told though nothing else is; nil if nobody waits for them.
  package var wake: ((MonotonicTime, @escaping () -> Void) -> Void)?
  private var wakesAt: MonotonicTime?

  /// - Parameter write: gets each line with its line feed.
  package convenience init(
    _ settings: Settings = Settings(), clock: @escaping () -> Moment = { .now }, write: @escaping ([UInt8]) -> Void
  ) {
    self.init(settings, [], clock: clock, write: write)
  }

  private init(
    _ settings: Settings, _ commonValues: [(key: String, value: String)], clock: @escaping () -> Moment,
    write: @escaping ([UInt8]) -> Void
  ) {
    self.settings = settings
    self.commonValues = commonValues
    redaction = Redaction(settings.secrets)
    self.clock = clock
    self.write = write
  }

  /// Lines go to stderr, each in one write.
  package static func standardError(_ settings: Settings) -> Log {
    Log(settings) { bytes in _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) } }
  }

  /// Nothing is written.
  package static var silent: Log { Log { _ in } }

  /// Goes on with other settings. Secrets that it knows stay secret: what they were used for may still be under way.
  package func apply(_ new: Settings) {
    let known = settings.secrets
    settings = new
    settings.secrets += known.filter { !new.secrets.contains($0) }
    redaction = Redaction(settings.secrets)
  }

  /// A log that writes where this one does, with one more value in each line, such as the shard that it is about. Its
  /// settings, secrets and repeats are its own.
  package func adding(_ key: String, _ value: String) -> Log {
    let log = Log(settings, commonValues + [(key, value)], clock: clock, write: write)
    log.wake = wake
    return log
  }

  /// From here on these are secrets too.
  package func keepSecret(_ secrets: [String]) {
    let new = secrets.filter { !settings.secrets.contains($0) }
    guard !new.isEmpty else { return }
    settings.secrets += new
    redaction = Redaction(settings.secrets)
  }

  package func callAsFunction(
    _ level: Level = .info, _ message: String, _ values: KeyValuePairs<String, String> = [:]
  ) {
    guard level >= settings.level else { return }
    let moment = clock()
    let (isWritten, repeats) = limiter.take(.init(level: level, message: message), at: moment.monotonic)
    tell(repeats, moment)
    if isWritten {
      let values = values.map { ($0.key, $0.value) } + commonValues
      put(LogLine(time: moment.wall, level: level, message: message, values: values))
    }
    waitForRepeats()
  }

  /// Writes how often lines were repeated that are still held back: call it before the end.
  package func flush() { tell(limiter.drain(), clock()) }

  private func waitForRepeats() {
    guard let wake, let due = limiter.due, due != wakesAt else { return }
    wakesAt = due
    wake(due) { [weak self] in
      guard let self else { return }
      wakesAt = nil
      let moment = clock()
      tell(limiter.expire(at: moment.monotonic), moment)
      waitForRepeats()
    }
  }

  private func tell(_ repeats: [LogRateLimiter.Repeats], _ moment: Moment) {
    for repeats in repeats {
      let fact = repeats.fact
      put(
        LogLine(
          time: moment.wall, level: fact.level, message: fact.message, values: commonValues, repeated: repeats.count))
    }
  }

  private func put(_ line: LogLine) {
    let line = line.redacted(redaction)
    let bytes =
      switch settings.format {
      case .text: Array(line.text(isForJournal: settings.isForJournal).utf8)
      case .json: line.json
      }
    write(bytes + [10])
    follow?(Record(time: line.time, level: line.level, message: line.message, values: line.values))
  }
}
