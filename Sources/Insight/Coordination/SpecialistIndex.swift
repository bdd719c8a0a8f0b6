import FleetModel

/// Finds the best agents for a conversation by skill and language, at the same cost however many agents there are.
///
/// For each pair of skill and language that somebody has asked for it keeps two heaps, of those who have room and of those
/// who have none, and an agent knows the lists in which it stands: ranks change with nearly every report.
package struct SpecialistIndex: Sendable {
  /// The best of those who have room, and of those who have none.
  package struct Answer: Sendable {
    package var free: [RankHeap.Entry] = []
    package var full: [RankHeap.Entry] = []

    package init() {}

    /// The best of some agents.
    package init(_ entries: [RankHeap.Entry], most: Int) {
      free = RankHeap(entries.filter { !$0.rank.isFull }).best(most)
      full = RankHeap(entries.filter(\.rank.isFull)).best(most)
    }
  }

  private struct Pair: Hashable, Sendable {
    var skill: String?
    var language: String?
  }

  /// An agent that may be given conversations.
  private struct Candidate: Sendable {
    var entry: RankHeap.Entry
    var skills: [String]
    var languages: [String]
    /// The lists in which it stands.
    var places: [Int] = []

    func serves(_ pair: Pair) -> Bool {
      (pair.skill.map { skills.contains($0) } ?? true) && (pair.language.map { languages.contains($0) } ?? true)
    }

    mutating func rate(_ rank: SpecialistRank) { entry.rank = rank }
  }

  private struct List: Sendable {
    var pair: Pair
    var free = RankHeap()
    var full = RankHeap()

    var room: Int { free.room + full.room }

    mutating func set(_ entry: RankHeap.Entry) {
      if entry.rank.isFull {
        free.remove(entry.position)
        full.set(entry)
      } else {
        full.remove(entry.position)
        free.set(entry)
      }
    }

    mutating func remove(_ position: Int) {
      free.remove(position)
      full.remove(position)
    }
  }

  private var candidates: [Int: Candidate] = [:]
  private var bySkill: [String: Set<Int>] = [:]
  private var byLanguage: [String: Set<Int>] = [:]
  private var lists: [List] = []
  private var places: [Pair: Int] = [:]

  /// Beyond so many lists, or so much room for all of them, all are dropped and come back as they are asked for.
  private static let most = (lists: 256, room: 1_000_000)

  package init() {}

  package func contains(_ position: Int) -> Bool { candidates[position] != nil }

  // MARK: Agents

  package mutating func add(
    _ position: Int, _ id: AgentID, _ rank: SpecialistRank, skills: [String], languages: [String]
  ) {
    remove(position)
    let entry = RankHeap.Entry(rank: rank, id: id, position: position)
    var candidate = Candidate(entry: entry, skills: skills, languages: languages)
    candidate.places = lists.indices.filter { candidate.serves(lists[$0].pair) }
    for place in candidate.places { lists[place].set(entry) }
    for skill in skills { bySkill[skill, default: []].insert(position) }
    for language in languages { byLanguage[language, default: []].insert(position) }
    candidates[position] = candidate
  }

  /// Takes an agent's new rank.
  package mutating func rate(_ position: Int, _ rank: SpecialistRank) {
    candidates[position]?.rate(rank)
    guard let places = candidates[position]?.places, let entry = candidates[position]?.entry else { return }
    for place in places { lists[place].set(entry) }
  }

  package mutating func remove(_ position: Int) {
    guard let candidate = candidates.removeValue(forKey: position) else { return }
    for place in candidate.places { lists[place].remove(position) }
    for skill in candidate.skills { Self.remove(position, of: skill, &bySkill) }
    for language in candidate.languages { Self.remove(position, of: language, &byLanguage) }
  }

  private static func remove(_ position: Int, of word: String, _ words: inout [String: Set<Int>]) {
    words[word]?.remove(position)
    if words[word]?.isEmpty == true { words[word] = nil }
  }

  // MARK: Asking

  /// The best agent that has room, besides one; nil if nobody who has the skill and speaks the language has any.
  package mutating func best(besides position: Int?, skill: String?, language: String?) -> AgentID? {
    place(skill, language).flatMap { lists[$0].free.best(besides: position) }
  }

  /// The best of those with a skill and a language, besides some.
  package mutating func best(
    _ count: Int, besides left: Set<Int>, skill: String?, language: String?
  ) -> Answer {
    guard let place = place(skill, language) else { return Answer() }
    var answer = Answer()
    answer.free = lists[place].free.best(count, besides: left)
    answer.full = lists[place].full.best(count, besides: left)
    return answer
  }

  /// Nil if nobody has the skill, or nobody speaks the language: publishers may ask for words without end.
  private mutating func place(_ skill: String?, _ language: String?) -> Int? {
    guard skill.map({ bySkill[$0] != nil }) ?? true, language.map({ byLanguage[$0] != nil }) ?? true else { return nil }
    return place(of: Pair(skill: skill, language: language))
  }

  private mutating func place(of pair: Pair) -> Int {
    if let known = places[pair] { return known }
    var list = List(pair: pair)
    let entries = candidates(for: pair)
    for entry in entries { list.set(entry) }
    if lists.count >= Self.most.lists || lists.reduce(list.room, { $0 + $1.room }) > Self.most.room {
      lists.removeAll()
      places.removeAll()
      for position in candidates.keys { candidates[position]?.places = [] }
    }
    let place = lists.count
    for entry in entries { candidates[entry.position]?.places.append(place) }
    places[pair] = place
    lists.append(list)
    return place
  }

  private func candidates(for pair: Pair) -> [RankHeap.Entry] {
    let words = [pair.skill.map { bySkill[$0] ?? [] }, pair.language.map { byLanguage[$0] ?? [] }]
    let shortest = words.compactMap(\.self).min { $0.count < $1.count }
    let some = shortest.map { $0.compactMap { candidates[$0] } } ?? Array(candidates.values)
    return some.filter { $0.serves(pair) }.map(\.entry)
  }
}
