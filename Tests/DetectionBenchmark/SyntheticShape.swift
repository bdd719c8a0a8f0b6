import FleetModel
import Glibc

/// What a metric does on good days: level, trend, seasons, noise and harmless bursts.
struct SyntheticShape {
  /// The kinds of metrics; each draws its own numbers.
  enum Kind: String, CaseIterable {
    /// A share of something, 0…100, with a daily season.
    case utilization
    /// Counts a report, with a daily and a weekly season.
    case requests
    /// Milliseconds with a heavy tail.
    case latency
    /// Bytes: little, and bursts.
    case bursts
    /// Counts that excite one another.
    case chatter
    /// Slow and smooth, as a temperature is.
    case slow
    /// Two peaks a day, saturated, with rows missing.
    case roads
    /// Around a price, with single high values.
    case prices
    /// Few levels, each for a while.
    case levels
    /// Grows and falls back, as memory does.
    case sawtooth
    /// A flat line, or an exact season.
    case exact
  }

  let kind: Kind
  /// Milliseconds from row to row.
  let interval: Int64
  private var random: SeededRandom
  /// What the mean is, in the metric's unit.
  let level: Double
  private let daily: Double
  private let weekly: Double
  private let phase: Double
  private let second: Double
  private let noise: Double
  private let memory: Double
  private let burstRate: Double
  private let tail: Double
  private let trend: Double
  private let period: Double
  private let step: Double

  private var carried = 0.0
  private var burst = 0.0
  private var plateau = 0.0

  init(_ kind: Kind, random seed: UInt64) {
    var random = SeededRandom(seed: seed)
    self.kind = kind
    let minute: Int64 = 60_000
    interval =
      switch kind {
      case .prices: 60 * minute
      case .roads: 10 * minute
      case .slow: random.pick([5, 60]) * minute
      case .utilization, .requests, .latency, .bursts, .chatter, .levels, .sawtooth, .exact:
        random.pick([5, 5, 5, 1, 15, 30]) * minute
      }
    level = random.scale(5...500)
    let isSeasonal = random.happens(Self.chanceOfSeason(kind))
    daily = isSeasonal ? random.number(0.1...0.7) : 0
    weekly = isSeasonal && random.happens(0.5) ? random.number(0.1...0.5) : 0
    phase = random.number(0...1)
    second = random.number(0...0.5)
    noise = random.scale(Self.noise(kind))
    memory = kind == .slow ? random.number(0.97...0.998) : random.happens(0.5) ? 0 : random.number(0.3...0.95)
    burstRate = random.happens(Self.chanceOfBursts(kind)) ? random.scale(0.0005...0.02) : 0
    tail = random.number(1.8...4)
    trend = random.happens(0.2) ? random.number(-0.3...0.5) : 0
    period = Double(random.count(30...500))
    step = random.happens(0.5) ? 1 : 0.01
    self.random = random
  }

  private static func chanceOfSeason(_ kind: Kind) -> Double {
    switch kind {
    case .requests, .roads, .exact: 1
    case .chatter: 0.8
    case .utilization, .slow: 0.5
    case .latency, .bursts, .prices: 0.25
    case .levels, .sawtooth: 0
    }
  }

  private static func noise(_ kind: Kind) -> ClosedRange<Double> {
    switch kind {
    case .slow: 0.01...0.1
    case .exact: 0.0001...0.02
    case .levels, .sawtooth: 0.003...0.1
    case .utilization, .requests, .roads: 0.02...0.25
    case .latency, .bursts, .chatter, .prices: 0.1...0.6
    }
  }

  private static func chanceOfBursts(_ kind: Kind) -> Double {
    switch kind {
    case .bursts, .chatter, .prices: 1
    case .latency, .utilization, .levels: 0.6
    case .requests, .sawtooth: 0.3
    case .slow, .roads, .exact: 0
    }
  }

  /// What disturbs the shape at a row; all at rest by default.
  struct Disturbance {
    /// Added, in units of the level.
    var offset = 0.0
    var noiseFactor = 1.0
    var seasonFactor = 1.0
    /// Days that the season is late.
    var lateness = 0.0
    var burstFactor = 1.0
  }

  /// The value of the next row.
  mutating func next(row: Int, of rows: Int, _ disturbance: Disturbance) -> Double {
    let day = Double(row) * Double(interval) / 86_400_000
    let season = 1 + disturbance.seasonFactor * (seasonal(day + phase - disturbance.lateness) - 1)
    carried = memory * carried + (1 - memory * memory).squareRoot() * random.normal()
    let rough = noise * disturbance.noiseFactor * carried
    let trended = 1 + trend * Double(row) / Double(max(1, rows))
    addBursts(disturbance.burstFactor)
    let mean = trended * season + disturbance.offset
    return written(level * shaped(mean, rough, row))
  }

  private func seasonal(_ day: Double) -> Double {
    let wave = sin(2 * .pi * day) + second * sin(4 * .pi * day + 1)
    let shape = kind == .roads ? max(-1, min(1, 1.5 * wave)) : wave
    let isWeekend = (day / 7 - (day / 7).rounded(.down)) > 5.0 / 7
    return 1 + daily * shape - (isWeekend ? weekly : 0)
  }

  private mutating func addBursts(_ factor: Double) {
    burst *= kind == .chatter ? 0.8 : 0.3
    guard random.happens(burstRate * factor) else { return }
    burst += min(12, noise * 2 * random.heavy(tail))
  }

  /// The value in units of the level.
  private mutating func shaped(_ mean: Double, _ rough: Double, _ row: Int) -> Double {
    switch kind {
    case .utilization, .slow, .exact, .roads: return mean + rough + burst
    case .latency, .prices: return mean * exp(rough) + burst
    case .requests, .chatter:
      let expected = max(0, mean * (1 + rough) + burst) * level
      return random.occurrences(expected) / level
    case .bursts: return 0.3 * mean * exp(rough) + 2 * burst
    case .levels:
      if random.happens(1 / (4 * period)) { plateau = noise * 3 * random.normal() }
      return mean + plateau + rough * 0.3 + burst
    case .sawtooth:
      let place = Double(row).truncatingRemainder(dividingBy: period) / period
      return mean * (0.5 + 0.5 * place) + rough * 0.3 + burst
    }
  }

  private func written(_ value: Double) -> Double {
    let most = kind == .utilization ? max(100, level * 3) : .infinity
    let bounded = min(most, kind == .slow || kind == .exact ? value : max(0, value))
    let unit = kind == .requests || kind == .chatter ? 1 : step * level / 100
    return (bounded / unit).rounded() * unit
  }
}
