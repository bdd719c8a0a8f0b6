import ArgumentParser
import FleetModel
import Wire

/// A moment as it is written on a command line: so long ago, a time of day in UTC, or a whole date and time.
enum TimePoint: Equatable {
  case ago(TimeSpan)
  /// Since midnight UTC; the latest such time that has been.
  case timeOfDay(TimeSpan)
  case at(Instant)

  func instant(at now: Instant) -> Instant {
    switch self {
    case .ago(let span): return now - span
    case .at(let instant): return instant
    case .timeOfDay(let time):
      let midnight = Instant(milliseconds: now.milliseconds / TimePoint.day * TimePoint.day)
      return midnight + time <= now ? midnight + time : midnight + time - .days(1)
    }
  }

  private static let day: Int64 = 86_400_000

  /// `90m`, `08:00`, `08:00Z`, `2026-11-22T08:00:00Z`; nil for anything else.
  init?(_ text: String) {
    if let span = TimeSpan(text) {
      self = .ago(span)
    } else if let instant = ISO8601.parse(text) {
      self = .at(instant)
    } else if let time = ISO8601.parse("1970-01-01T" + text), text.utf8.first.map({ $0 < 0x3A }) == true,
      (0..<Self.day).contains(time.milliseconds)
    {
      self = .timeOfDay(TimeSpan(milliseconds: time.milliseconds))
    } else {
      return nil
    }
  }
}

extension TimePoint: ExpressibleByArgument {
  init?(argument: String) { self.init(argument) }
}
