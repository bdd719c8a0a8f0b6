/// How far values lie from what was expected, so that an interval around the next one holds it as often as was asked.
///
/// The width is a quantile of the last 64 distances, and which quantile follows how often the interval failed (Gibbs and
/// Candès, "Adaptive conformal inference under distribution shift", 2021). Memory: some 300 bytes.
package struct ConformalInterval: Equatable, Sendable {
  private var distances: [Float] = []
  private var next = 0
  /// The part of values that may lie outside now.
  private var miss: Double
  private var held: UInt32 = 0
  private var judged: UInt32 = 0
  /// The part of values that is to lie within.
  package let asked: Double

  private static let room = 64
  /// What it takes beside itself, at the most.
  static let mostBytes = 32 + room * MemoryLayout<Float>.stride
  /// How far one value moves the quantile.
  private static let pace = 0.02
  /// So many distances must be known.
  private static let least = 10

  package init(asked: Double = 0.9) {
    self.asked = min(0.99, max(0.5, asked))
    miss = 1 - self.asked
  }

  /// Half the width of the interval; nil as long as too little is known.
  package var radius: Double? {
    guard distances.count >= Self.least else { return nil }
    let sorted = distances.sorted()
    let place = Int((Double(sorted.count + 1) * (1 - miss)).rounded(.up)) - 1
    // Beyond the greatest distance it widens by half.
    return place >= sorted.count ? Double(sorted[sorted.count - 1]) * 1.5 : Double(sorted[max(0, place)])
  }

  /// The part of values that lay within so far, and of how many that is known.
  package var coverage: (value: Double, values: Int) {
    (judged == 0 ? 0 : Double(held) / Double(judged), Int(judged))
  }

  /// Learns how far a value lay from what was expected of it.
  package mutating func learn(distance: Double) {
    guard distance.isFinite, distance >= 0, distance < 1e30 else { return }
    if let radius {
      let isHeld = distance <= radius
      if judged == .max { (held, judged) = (held / 2, judged / 2) }
      held += isHeld ? 1 : 0
      judged += 1
      miss = min(0.5, max(-0.05, miss + Self.pace * (1 - asked - (isHeld ? 0 : 1))))
    }
    guard distances.count >= Self.room else {
      distances.append(Float(distance))
      return
    }
    distances[next] = Float(distance)
    next = (next + 1) % Self.room
  }

  /// All of it as text: `i1`, what is asked, the quantile, how many held of how many, and the distances, oldest first.
  package var stored: String {
    let ordered = distances[next...] + distances[..<next]
    return (["i1", "\(asked)", "\(miss)", "\(held)", "\(judged)"] + ordered.map { "\($0)" }).joined(separator: " ")
  }

  /// Reads what `stored` wrote; nil for anything else.
  package init?(stored text: String) {
    let words = text.split(separator: " ")
    guard words.count >= 5, words.count <= 5 + Self.room, words[0] == "i1", let asked = Double(words[1]),
      (0.5...0.99).contains(asked), let miss = Double(words[2]), (-0.05...0.5).contains(miss),
      let held = UInt32(words[3]),
      let judged = UInt32(words[4]), held <= judged
    else { return nil }
    let distances = words.dropFirst(5).compactMap { Float($0) }.filter { $0.isFinite && $0 >= 0 }
    guard distances.count == words.count - 5 else { return nil }
    (self.asked, self.miss, self.held, self.judged, self.distances) = (asked, miss, held, judged, distances)
  }
}
