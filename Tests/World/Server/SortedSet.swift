/// A sorted set: members by score, then by bytes.
struct SortedSet: Equatable {
  struct Member: Equatable {
    var score: Double
    var name: Bytes
  }

  private(set) var members: [Member] = []
  private var scores: [Name: Double] = [:]

  var count: Int { members.count }

  func score(of name: Bytes) -> Double? { scores[Name(name)] }

  /// - Returns: whether it is new.
  mutating func set(_ name: Bytes, _ score: Double) -> Bool {
    let isNew = !remove(name)
    let member = Member(score: score, name: name)
    let place = members.firstIndex { Self.isBefore(member, $0) } ?? members.endIndex
    members.insert(member, at: place)
    scores[Name(name)] = score
    return isNew
  }

  /// - Returns: whether it was there.
  @discardableResult
  mutating func remove(_ name: Bytes) -> Bool {
    guard scores.removeValue(forKey: Name(name)) != nil else { return false }
    members.removeAll { $0.name == name }
    return true
  }

  private static func isBefore(_ left: Member, _ right: Member) -> Bool {
    left.score == right.score ? left.name.precedes(right.name) : left.score < right.score
  }

  /// A score as Redis writes it.
  static func text(of score: Double) -> String {
    if score == .infinity { return "inf" }
    if score == -.infinity { return "-inf" }
    return score == score.rounded() && abs(score) < 1e17 ? "\(Int64(score))" : "\(score)"
  }
}

/// One end of a range of scores: `5`, `(5`, `-inf`, `+inf`.
struct ScoreBound {
  let score: Double
  let isExclusive: Bool

  init?(_ bytes: Bytes) {
    isExclusive = bytes.first == UInt8(ascii: "(")
    guard let score = Self.score(isExclusive ? Array(bytes.dropFirst()) : bytes) else { return nil }
    self.score = score
  }

  static func score(_ bytes: Bytes) -> Double? {
    switch bytes.text.lowercased() {
    case "inf", "+inf", "infinity", "+infinity": .infinity
    case "-inf", "-infinity": -.infinity
    case let text: Double(text).flatMap { $0.isNaN ? nil : $0 }
    }
  }

  func isBelow(_ other: Double) -> Bool { isExclusive ? score < other : score <= other }
  func isAbove(_ other: Double) -> Bool { isExclusive ? score > other : score >= other }
}
