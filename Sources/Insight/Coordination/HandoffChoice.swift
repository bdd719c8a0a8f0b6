import FleetModel

/// Who is to take a conversation, and why that one.
package struct HandoffChoice: Equatable, Sendable {
  /// One who could.
  package struct Candidate: Equatable, Sendable {
    package var agent: AgentID
    /// `legal, pt, 3 of 8 open, health 0.97`.
    package var words: String
  }

  /// The best first; the first of them is chosen. Empty if nobody can.
  package let candidates: [Candidate]
  /// `legal-2: legal, pt, 3 of 8 open, health 0.97; legal-1 had 8 of 8`; if nobody can, why.
  package let reasons: String
  /// The same without the name of the chosen one.
  package let why: String

  package var chosen: AgentID? { candidates.first?.agent }

  /// - Parameters:
  ///   - answer: who has the skill and speaks the language, the best first, without those who were asked before.
  ///   - faults: why those who were asked before did not take it, in words.
  package init(skill: String, language: String, _ answer: SpecialistIndex.Answer, faults: String = "") {
    let wanted = [skill, language].filter { !$0.isEmpty }
    candidates = answer.free.map { Candidate(agent: $0.id, words: Self.words(of: $0.rank, wanted)) }
    let full = answer.full.prefix(Self.mostFull).compactMap { entry in
      entry.rank.room.map { "\(entry.id) had \($0.open) of \($0.capacity)" }
    }
    let nobody = faults.isEmpty ? "nobody" : "nobody else"
    let first =
      candidates.first?.words
      ?? (full.isEmpty ? "\(nobody) healthy" : "\(nobody) with room")
      + (wanted.isEmpty ? " is there" : " is there for \(wanted.joined(separator: ", "))")
    why = ([first] + full + [faults].filter { !$0.isEmpty }).joined(separator: "; ")
    reasons = (candidates.first.map { "\($0.agent): " } ?? "") + why
  }

  /// So many who would have been as good, and had no room, are named.
  private static let mostFull = 2

  private static func words(of rank: SpecialistRank, _ wanted: [String]) -> String {
    var words = wanted
    if let room = rank.room { words.append("\(room.open) of \(room.capacity) open") }
    if rank.load > 0, rank.room == nil { words.append("load \(Bounded.int(rounding: min(rank.load, 1e9)))") }
    if rank.knowsHealth { words.append("health \(hundredths(rank.health))") }
    return words.isEmpty ? "the best there is" : words.joined(separator: ", ")
  }

  /// `0.97`, `1.00`.
  private static func hundredths(_ value: Double) -> String {
    let whole = Bounded.int(rounding: min(1, max(0, value)) * 100)
    return "\(whole / 100).\(whole % 100 < 10 ? "0" : "")\(whole % 100)"
  }
}
