import FleetModel

/// What disturbs a metric and is no fault: short peaks, levels that settle a little elsewhere, rougher and calmer times.
/// Nobody wants to be told of it.
struct SyntheticWeather {
  private struct Spell {
    var rows: Range<Int>
    var offset: Double
    var noise: Double
    var bursts: Double
  }

  private var spells: [Spell] = []

  init(rows: Int, random: inout SeededRandom) {
    let peaks = random.count(0...max(1, rows / 400))
    for _ in 0..<peaks {
      let size = random.scale(0.2...0.9) * (random.happens(0.75) ? 1 : -1)
      add(length: random.count(1...4), rows, offset: size, noise: 1, bursts: 1, &random)
    }
    for _ in 0..<random.count(0...max(1, rows / 1500)) {
      let size = random.scale(0.08...0.4) * (random.happens(0.5) ? 1 : -1)
      add(length: random.count(rows / 20...rows), rows, offset: size, noise: 1, bursts: 1, &random)
    }
    for _ in 0..<random.count(0...max(1, rows / 1000)) {
      add(
        length: random.count(rows / 40...rows / 5), rows, offset: 0, noise: random.scale(0.5...2),
        bursts: random.scale(0.3...3), &random)
    }
  }

  private mutating func add(
    length: Int, _ rows: Int, offset: Double, noise: Double, bursts: Double, _ random: inout SeededRandom
  ) {
    let start = random.count(0...rows - 1)
    spells.append(Spell(rows: start..<start + length, offset: offset, noise: noise, bursts: bursts))
  }

  /// What it does to the shape at a row. `span` is the metric's usual span in units of its level.
  func disturb(_ disturbance: inout SyntheticShape.Disturbance, at row: Int, span: Double) {
    for spell in spells where spell.rows.contains(row) {
      disturbance.offset += spell.offset * span
      disturbance.noiseFactor *= spell.noise
      disturbance.burstFactor *= spell.bursts
    }
  }
}
