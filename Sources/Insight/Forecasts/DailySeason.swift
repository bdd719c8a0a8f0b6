import FleetModel

/// What a metric does at each hour of the day, apart from its mean, and whether that is worth the name of a season.
///
/// Memory: some 230 bytes.
package struct DailySeason: Equatable, Sendable {
  private var levels = InlineArray<24, Double>(repeating: 0)
  private var days = InlineArray<24, UInt8>(repeating: 0)
  private var hour: Int8 = -1
  private var mean = 0.0
  private var spread = 0.0
  private var rest = 0.0
  private var count: UInt32 = 0

  /// The share of one sample a minute in its hour, over about three days.
  private static let weightInHour = 1.0 / 180
  private static let weight = 1.0 / 1440
  /// The season must explain so much of the spread, and every hour must have been met on so many days.
  private static let explained = 0.3
  private static let leastDays: UInt8 = 2

  package init() {}

  /// Learns the mean of one minute.
  package mutating func learn(_ value: Double, at instant: Instant) {
    guard Sample(value, at: instant).isPlausible else { return }
    let place = Self.place(instant)
    count = count == .max ? count : count + 1
    let difference = value - mean
    mean += max(Self.weight, 1 / Double(count)) * difference
    let miss = difference - levels[place]
    spread += max(Self.weight, 1 / Double(count)) * (difference * difference - spread)
    if days[place] >= Self.leastDays { rest += Self.weight * 4 * (miss * miss - rest) } else { rest = spread }
    if place != Int(hour) {
      hour = Int8(truncatingIfNeeded: place)
      days[place] = days[place] == .max ? .max : days[place] + 1
    }
    levels[place] += (days[place] == 1 ? 0.1 : Self.weightInHour) * miss
  }

  /// Whether the hours of the day explain enough of what the metric does.
  package var isEstablished: Bool {
    spread > 0 && rest < spread * (1 - Self.explained) && (0..<24).allSatisfy { days[$0] >= Self.leastDays }
  }

  /// What the season adds at a time, between the middles of two hours; 0 if there is none.
  package func offset(at instant: Instant) -> Double {
    guard isEstablished else { return 0 }
    let minutes = Double((instant.milliseconds % Self.day + Self.day) % Self.day) / 60_000 - 30
    let position = (minutes < 0 ? minutes + 1440 : minutes) / 60
    let first = Int(position) % 24
    let share = position - Double(Int(position))
    return levels[first] * (1 - share) + levels[(first + 1) % 24] * share
  }

  private static let day: Int64 = 86_400_000

  private static func place(_ instant: Instant) -> Int {
    Int((instant.milliseconds % day + day) % day / 3_600_000)
  }

  package static func == (left: DailySeason, right: DailySeason) -> Bool {
    left.count == right.count && left.mean == right.mean && left.spread == right.spread && left.rest == right.rest
      && (0..<24).allSatisfy { left.levels[$0] == right.levels[$0] && left.days[$0] == right.days[$0] }
  }
}
