import FleetModel
import TestSupport
import Testing

@testable import Insight

/// Who takes a conversation, and the words for it.
@Suite struct SpecialistTests {
  private typealias Room = SpecialistRank.Room

  private func choice(_ index: inout SpecialistIndex, _ skill: String, _ language: String, besides: Set<Int> = [])
    -> HandoffChoice
  {
    let answer = index.best(
      3, besides: besides, skill: skill.isEmpty ? nil : skill, language: language.isEmpty ? nil : language)
    return HandoffChoice(skill: skill, language: language, answer)
  }

  @Test func whoHasRoomIsChosenAndWhoHadNoneIsNamed() {
    var index = SpecialistIndex()
    func add(_ position: Int, _ rank: SpecialistRank, _ skill: String = "legal") {
      index.add(position, AgentID("legal-\(position)"), rank, skills: [skill], languages: ["pt", "en"])
    }
    add(1, SpecialistRank(health: 0.99, room: Room(open: 8, capacity: 8)))
    add(2, SpecialistRank(health: 0.97, room: Room(open: 3, capacity: 8)))
    add(3, SpecialistRank(health: 0.96, room: Room(open: 3, capacity: 4)))
    add(4, SpecialistRank(health: 0.5, room: Room(open: 0, capacity: 8)))
    add(5, SpecialistRank(), "tax")
    let made = choice(&index, "legal", "pt")
    #expect(made.candidates.map(\.agent) == ["legal-2", "legal-3", "legal-4"])
    #expect(made.reasons == "legal-2: legal, pt, 3 of 8 open, health 0.97; legal-1 had 8 of 8")
    #expect(made.why == "legal, pt, 3 of 8 open, health 0.97; legal-1 had 8 of 8")
    #expect(choice(&index, "legal", "pt", besides: [2]).chosen == "legal-3")
    #expect(choice(&index, "legal", "jp").reasons == "nobody healthy is there for legal, jp")
    #expect(choice(&index, "", "").candidates.count == 3)
    // Somebody is done, and is the best again.
    index.rate(1, SpecialistRank(health: 0.99, room: Room(open: 2, capacity: 8)))
    #expect(choice(&index, "legal", "pt").chosen == "legal-1")
    for position in 1...4 { index.rate(position, SpecialistRank(room: Room(open: 1, capacity: 1))) }
    let none = choice(&index, "legal", "pt").reasons
    #expect(none == "nobody with room is there for legal, pt; legal-1 had 1 of 1; legal-2 had 1 of 1")
    for position in 1...4 { index.remove(position) }
    #expect(choice(&index, "legal", "").reasons == "nobody healthy is there for legal")
  }

  @Test func whoDoesNotSayHowMuchRoomThereIsCountsAsHalfFull() {
    let silent = SpecialistRank(load: 2)
    #expect(SpecialistRank(room: Room(open: 1, capacity: 8)).isBetter(than: silent) == true)
    #expect(SpecialistRank(room: Room(open: 7, capacity: 8)).isBetter(than: silent) == false)
    #expect(silent.isBetter(than: SpecialistRank(load: 3)) == true && silent.isBetter(than: silent) == nil)
    #expect(!silent.isFull && SpecialistRank(room: Room(open: 0, capacity: 0)).isFull)
    var index = SpecialistIndex()
    index.add(0, "a", SpecialistRank(knowsHealth: false, load: .infinity), skills: [], languages: [])
    #expect(choice(&index, "", "").reasons == "a: load 1000000000")
  }

  /// At any size, and after any changes, the index says what a look through all of them would.
  @Test(arguments: 1...20 as ClosedRange<UInt64>) func indexSaysWhatAPlainListSays(seed: UInt64) {
    struct Plain {
      var entry: RankHeap.Entry
      var skill: String
    }
    var random = SeededRandom(seed: seed)
    var (index, plain) = (SpecialistIndex(), [Int: Plain]())
    for _ in 0..<600 {
      let position = Int.random(in: 0..<30, using: &random)
      let room = Room(open: Int.random(in: 0...3, using: &random), capacity: Int.random(in: 0...3, using: &random))
      let rank = SpecialistRank(
        health: Double.random(in: 0...1, using: &random), room: Bool.random(using: &random) ? room : nil)
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        index.remove(position)
        plain[position] = nil
      case 1:
        index.rate(position, rank)
        plain[position]?.entry.rank = rank
      default:
        let (id, skill) = (AgentID("agent-\(position)"), ["legal", "tax"].randomElement(using: &random) ?? "tax")
        index.add(position, id, rank, skills: [skill], languages: ["pt"])
        plain[position] = Plain(entry: RankHeap.Entry(rank: rank, id: id, position: position), skill: skill)
      }
      let left = Set((0..<2).map { _ in Int.random(in: 0..<30, using: &random) })
      let answer = index.best(3, besides: left, skill: "legal", language: "pt")
      let fitting = plain.values.filter { $0.skill == "legal" && !left.contains($0.entry.position) }.map(\.entry)
      let (free, full) = (fitting.filter { !$0.rank.isFull }, fitting.filter { $0.rank.isFull })
      #expect(answer.free.map(\.id) == free.sorted { $0.isBetter(than: $1) }.prefix(3).map(\.id))
      #expect(answer.full.map(\.id) == full.sorted { $0.isBetter(than: $1) }.prefix(3).map(\.id))
    }
  }
}
