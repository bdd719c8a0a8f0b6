import FleetModel

/// Something that goes wrong at a known row, and for how long.
struct SyntheticFault {
  enum Kind: CaseIterable {
    case spike, dip, shift, drift, stuck, dropout, volatility, seasonLost, seasonLate, moreBursts
  }

  let kind: Kind
  let start: Int
  let length: Int
  /// How much, in units of the span that the metric usually has.
  let size: Double

  init(_ kind: Kind, at start: Int, rows: Int, random: inout SeededRandom) {
    self.kind = kind
    self.start = start
    let share =
      switch kind {
      case .spike, .dip: 0.0003...0.002
      case .shift: 0.02...0.5
      case .drift: 0.02...0.08
      case .stuck, .dropout: 0.005...0.03
      case .volatility, .seasonLost, .seasonLate, .moreBursts: 0.02...0.08
      }
    length = max(1, Int(Double(rows) * random.scale(share)))
    let sign = kind == .dip ? -1.0 : kind == .spike || random.happens(0.65) ? 1 : -1
    size = sign * (kind == .spike || kind == .dip ? random.scale(0.8...5) : random.scale(0.5...2.5))
  }

  var rows: Range<Int> { start..<start + length }

  /// What it does to the shape at a row. `span` is the metric's usual span in units of its level.
  func disturb(_ disturbance: inout SyntheticShape.Disturbance, at row: Int, span: Double) {
    guard rows.contains(row) else { return }
    switch kind {
    case .spike, .dip, .shift: disturbance.offset += size * span
    case .drift: disturbance.offset += size * span * Double(row - start + 1) / Double(length)
    case .volatility: disturbance.noiseFactor *= size > 0 ? 3 + 3 * size : 0.1
    case .seasonLost: disturbance.seasonFactor = 0
    case .seasonLate: disturbance.lateness = 0.4
    case .moreBursts: disturbance.burstFactor *= 8
    case .stuck, .dropout: break
    }
  }

  /// What it makes of the value itself.
  func replace(_ value: Double, last: Double) -> Double {
    switch kind {
    case .stuck: last
    case .dropout: 0
    case .spike, .dip, .shift, .drift, .volatility, .seasonLost, .seasonLate, .moreBursts: value
    }
  }
}
