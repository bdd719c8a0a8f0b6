import FleetModel

/// Finds the best agent for a conversation by skill and language, at the same cost however many agents there are.
///
/// For each pair of skill and language that somebody has asked for it keeps a heap. A change of an agent's rank is only
/// noted, for ranks change with every report and few ask. Who asks enters what has changed since the last question; a former
/// entry stays until it comes up, and is dropped then.
struct SpecialistIndex {
  /// How well an agent would do: the least is the best.
  struct Rank: Equatable {
    /// 0…1; 1 if nobody has said.
    var health = 1.0
    /// Messages that wait, and conversations that rules have given it.
    var load = 0.0

    /// A hair's breadth of health is no reason to give one agent everything.
    var transaction: Double { (health * 10).rounded() }
  }

  private struct Entry: Comparable {
    var rank: Rank
    var id: AgentID
    var position: Int
    /// The agent's count of entries when this one was made: an older one says nothing any more.
    var number: UInt64

    static func < (left: Entry, right: Entry) -> Bool {
      if left.rank.transaction != right.rank.transaction { return left.rank.transaction > right.rank.transaction }
      if left.rank.load != right.rank.load { return left.rank.load < right.rank.load }
      return left.id.bytes.lexicographicallyPrecedes(right.id.bytes)
    }

    static func == (left: Entry, right: Entry) -> Bool {
      left.position == right.position && left.number == right.number
    }
  }

  private struct Pair: Hashable {
    var skill: String?
    var language: String?
  }

  /// An agent that may be given conversations.
  private struct Candidate {
    var entry: Entry
    var skills: [String]
    var languages: [String]

    mutating func rate(_ rank: Rank, _ number: UInt64) {
      entry.rank = rank
      entry.number = number
    }

    func serves(_ pair: Pair) -> Bool {
      (pair.skill.map { skills.contains($0) } ?? true) && (pair.language.map { languages.contains($0) } ?? true)
    }
  }

  /// The candidates for one pair, the best first.
  private struct List {
    var pair: Pair
    var heap: Heap<Entry>
    /// How many there were when it was put together.
    var size: Int
    /// Up to which number changes have been entered.
    var number: UInt64
  }

  private struct Change {
    var position: Int
    var number: UInt64
  }

  private var candidates: [Int: Candidate] = [:]
  private var bySkill: [String: Set<Int>] = [:]
  private var byLanguage: [String: Set<Int>] = [:]
  private var lists: [List] = []
  private var places: [Pair: Int] = [:]
  private var lastNumber: UInt64 = 0
  /// The latest changes, without a gap up to the last one. A list that has not seen those before is put together anew.
  private var changes: [Change] = []

  /// Beyond so many lists, or entries in all of them, they are put together anew: each costs room, and a little with every
  /// change of an agent.
  private static let most = (lists: 256, entries: 250_000)

  func contains(_ position: Int) -> Bool { candidates[position] != nil }

  // MARK: Agents

  mutating func add(_ position: Int, _ id: AgentID, _ rank: Rank, skills: [String], languages: [String]) {
    remove(position)
    let entry = Entry(rank: rank, id: id, position: position, number: 0)
    candidates[position] = Candidate(entry: entry, skills: skills, languages: languages)
    for skill in skills { bySkill[skill, default: []].insert(position) }
    for language in languages { byLanguage[language, default: []].insert(position) }
    rate(position, rank)
  }

  /// Takes an agent's new rank.
  mutating func rate(_ position: Int, _ rank: Rank) {
    guard candidates[position]?.rate(rank, lastNumber + 1) != nil else { return }
    lastNumber += 1
    // More of them cost a list more than to begin anew.
    if changes.count > candidates.count + 64 { changes.removeAll(keepingCapacity: true) }
    changes.append(Change(position: position, number: lastNumber))
  }

  mutating func remove(_ position: Int) {
    guard let candidate = candidates.removeValue(forKey: position) else { return }
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
    let place = place(of: Pair(skill: skill, language: language))
    guard let first = least(place) else { return nil }
    guard first.position == position else { return first.id }
    lists[place].heap.removeLeast()
    let second = least(place)
    lists[place].heap.insert(first)
    return second?.id
  }

  private mutating func place(of pair: Pair) -> Int {
    if let known = places[pair] {
      catchUp(known)
      return known
    }
    let list = list(pair)
    if lists.count >= Self.most.lists || lists.reduce(list.size, { $0 + $1.heap.count }) > Self.most.entries {
      lists.removeAll()
      places.removeAll()
    }
    places[pair] = lists.count
    lists.append(list)
    return lists.count - 1
  }

  /// Enters what has changed since the list was asked last.
  private mutating func catchUp(_ place: Int) {
    let (pair, seen) = (lists[place].pair, lists[place].number)
    let first = changes.first?.number ?? lastNumber + 1
    let isTooLong = lists[place].heap.count > 2 * lists[place].size + 64
    guard first <= seen + 1, !isTooLong else {
      lists[place] = list(pair)
      return
    }
    // Numbers follow one another.
    for change in changes.dropFirst(Int(seen + 1 - first)) {
      guard let candidate = candidates[change.position], candidate.entry.number == change.number,
        candidate.serves(pair)
      else { continue }
      lists[place].heap.insert(candidate.entry)
    }
    lists[place].number = lastNumber
  }

  private func list(_ pair: Pair) -> List {
    let words = [pair.skill.map { bySkill[$0] ?? [] }, pair.language.map { byLanguage[$0] ?? [] }]
    let shortest = words.compactMap(\.self).min { $0.count < $1.count }
    let some = shortest.map { $0.compactMap { candidates[$0] } } ?? Array(candidates.values)
    let entries = some.filter { $0.serves(pair) }.map(\.entry)
    return List(pair: pair, heap: Heap(entries), size: entries.count, number: lastNumber)
  }

  /// The best entry that still stands.
  private mutating func least(_ place: Int) -> Entry? {
    while let entry = lists[place].heap.least {
      if candidates[entry.position]?.entry.number == entry.number { return entry }
      lists[place].heap.removeLeast()
    }
    return nil
  }
}
