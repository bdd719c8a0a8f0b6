import FleetModel

/// Finds the best agent for a conversation by skill and language, at the same cost however many agents there are.
///
/// For each pair of skill and language that somebody has asked for it keeps a heap, and an agent knows the heaps in which
/// it stands: ranks change with nearly every report.
struct SpecialistIndex {
  /// How well an agent would do: the least is the best.
  struct Rank: Equatable {
    /// 0…1; 1 if nobody has said.
    var health = 1.0
    /// Messages that wait, and conversations that rules have given it.
    var load = 0.0
  }

  private struct Pair: Hashable {
    var skill: String?
    var language: String?
  }

  /// An agent that may be given conversations.
  private struct Candidate {
    var entry: RankHeap.Entry
    var skills: [String]
    var languages: [String]
    /// The lists in which it stands.
    var places: [Int] = []

    func serves(_ pair: Pair) -> Bool {
      (pair.skill.map { skills.contains($0) } ?? true) && (pair.language.map { languages.contains($0) } ?? true)
    }

    mutating func rate(_ rank: Rank) { entry.rank = rank }
  }

  private struct List {
    var pair: Pair
    var heap: RankHeap
  }

  private var candidates: [Int: Candidate] = [:]
  private var bySkill: [String: Set<Int>] = [:]
  private var byLanguage: [String: Set<Int>] = [:]
  private var lists: [List] = []
  private var places: [Pair: Int] = [:]

  /// Beyond so many lists, or so much room for all of them, all are dropped and come back as they are asked for.
  private static let most = (lists: 256, room: 1_000_000)

  func contains(_ position: Int) -> Bool { candidates[position] != nil }

  // MARK: Agents

  mutating func add(_ position: Int, _ id: AgentID, _ rank: Rank, skills: [String], languages: [String]) {
    remove(position)
    let entry = RankHeap.Entry(rank: rank, id: id, position: position)
    var candidate = Candidate(entry: entry, skills: skills, languages: languages)
    candidate.places = lists.indices.filter { candidate.serves(lists[$0].pair) }
    for place in candidate.places { lists[place].heap.set(entry) }
    for skill in skills { bySkill[skill, default: []].insert(position) }
    for language in languages { byLanguage[language, default: []].insert(position) }
    candidates[position] = candidate
  }

  /// Takes an agent's new rank.
  mutating func rate(_ position: Int, _ rank: Rank) {
    candidates[position]?.rate(rank)
    guard let places = candidates[position]?.places else { return }
    for place in places { lists[place].heap.rate(position, rank) }
  }

  mutating func remove(_ position: Int) {
    guard let candidate = candidates.removeValue(forKey: position) else { return }
    for place in candidate.places { lists[place].heap.remove(position) }
    for skill in candidate.skills { Self.remove(position, of: skill, &bySkill) }
    for language in candidate.languages { Self.remove(position, of: language, &byLanguage) }
  }

  private static func remove(_ position: Int, of word: String, _ words: inout [String: Set<Int>]) {
    words[word]?.remove(position)
    if words[word]?.isEmpty == true { words[word] = nil }
  }

  // MARK: Asking

  /// The best agent besides one; nil if nobody has the skill and speaks the language.
  mutating func best(besides position: Int?, skill: String?, language: String?) -> AgentID? {
    // Publishers may ask for words without end.
    guard skill.map({ bySkill[$0] != nil }) ?? true, language.map({ byLanguage[$0] != nil }) ?? true else { return nil }
    return lists[place(of: Pair(skill: skill, language: language))].heap.best(besides: position)
  }

  private mutating func place(of pair: Pair) -> Int {
    if let known = places[pair] { return known }
    let heap = RankHeap(candidates(for: pair))
    if lists.count >= Self.most.lists || lists.reduce(heap.room, { $0 + $1.heap.room }) > Self.most.room {
      lists.removeAll()
      places.removeAll()
      for position in candidates.keys { candidates[position]?.places = [] }
    }
    let place = lists.count
    for entry in heap.entries { candidates[entry.position]?.places.append(place) }
    places[pair] = place
    lists.append(List(pair: pair, heap: heap))
    return place
  }

  private func candidates(for pair: Pair) -> [RankHeap.Entry] {
    let words = [pair.skill.map { bySkill[$0] ?? [] }, pair.language.map { byLanguage[$0] ?? [] }]
    let shortest = words.compactMap(\.self).min { $0.count < $1.count }
    let some = shortest.map { $0.compactMap { candidates[$0] } } ?? Array(candidates.values)
    return some.filter { $0.serves(pair) }.map(\.entry)
  }
}
