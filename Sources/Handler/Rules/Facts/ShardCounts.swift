import FleetModel
import Wire

/// How many agents of one shard stand how, as its leader counts them: what the guards of the other shards add to their own.
///
/// `{"all":[[…],[…]],"held_strangers":0,"roles":{"support":[[…],[…]]}}`: of those who have been heard for a while and of
/// newcomers: all, size, healthy, unhealthy, reporting, silent, held.
struct ShardCounts: Equatable {
  var all = FleetHealth.Counts()
  /// Whom rules have paused and nobody knows.
  var heldStrangers = 0
  var roles: [ExactText: FleetHealth.Counts] = [:]

  /// Agents choose their roles: no more are told, the largest first.
  private static let mostRoles = 2000

  mutating func add(_ other: ShardCounts) {
    all.add(other.all)
    heldStrangers += other.heldStrangers
    for (role, counts) in other.roles { roles[role, default: FleetHealth.Counts()].add(counts) }
  }

  // MARK: The wire

  /// - Parameter revision: another number each time, by which readers see that it is still told.
  func encode(revision: Int64) -> [UInt8] {
    var told = Array(roles)
    if told.count > Self.mostRoles {
      told.sort {
        Self.size($0.value) == Self.size($1.value) ? $0.key < $1.key : Self.size($0.value) > Self.size($1.value)
      }
      told.removeLast(told.count - Self.mostRoles)
    }
    let names = JSONObject(members: told.map { (key: Array($0.key.text.utf8), value: Self.json($0.value)) })
    let json: JSONValue = [
      "revision": .integer(revision), "all": Self.json(all), "held_strangers": .integer(Int64(heldStrangers)),
      "roles": .object(names),
    ]
    return json.encoded
  }

  /// Nil if the bytes are no counts.
  static func decode(_ bytes: [UInt8]) -> (counts: ShardCounts, revision: Int)? {
    guard let json = bytes.withUnsafeBytes({ try? JSONValue.parse($0) }), let revision = json["revision"]?.int,
      let all = json["all"].flatMap(counts), case .object(let names)? = json["roles"]
    else { return nil }
    var found = ShardCounts(all: all, heldStrangers: max(0, Bounded.int(Int64(json["held_strangers"]?.int ?? 0))))
    for member in names.members.prefix(mostRoles) {
      guard let counts = counts(member.value) else { return nil }
      found.roles[ExactText(String(decoding: member.key, as: UTF8.self))] = counts
    }
    return (found, revision)
  }

  private static func size(_ counts: FleetHealth.Counts) -> Int { counts.settled.all + counts.new.all }

  private static func json(_ counts: FleetHealth.Counts) -> JSONValue {
    .array([counts.settled, counts.new].map { count in .array(count.numbers.map { .integer(Int64($0)) }) })
  }

  private static func counts(_ json: JSONValue) -> FleetHealth.Counts? {
    guard let pair = json.list, pair.count == 2, let settled = count(pair[0]), let new = count(pair[1]) else {
      return nil
    }
    return FleetHealth.Counts(settled: settled, new: new)
  }

  /// More agents than a fleet can have are none.
  private static let mostAgents = 1 << 40

  private static func count(_ json: JSONValue) -> FleetHealth.Count? {
    let numbers = json.list?.compactMap(\.int).filter { (0...mostAgents).contains($0) } ?? []
    guard numbers.count == 7 else { return nil }
    return FleetHealth.Count(
      all: numbers[0], size: numbers[1], healthy: numbers[2], unhealthy: numbers[3], reporting: numbers[4],
      silent: numbers[5], held: numbers[6])
  }
}

extension FleetHealth.Count {
  fileprivate var numbers: [Int] { [all, size, healthy, unhealthy, reporting, silent, held] }
}

/// What the leaders of the other shards count, all together, and of which nothing is known.
struct OtherShards: Equatable {
  let shards: Shards
  /// The shard that they are other than.
  let own: Int
  var counts = ShardCounts()
  /// Names of shards whose leaders have told nothing lately.
  var missing: [String] = []

  init(_ shards: Shards, own: Int) { (self.shards, self.own) = (shards, own) }

  /// Why a rule of this shard does nothing to an agent; nil if it may.
  func fault(of agent: AgentID) -> String? {
    guard agent != .none, shards.shard(of: agent) != own else { return nil }
    return "\(agent) is in another shard than the event's agent, and rules act within theirs"
  }

  /// Why nobody can tell how much of a role or of the fleet is there; nil if it is known.
  var fault: String? {
    guard !missing.isEmpty else { return nil }
    let names = missing.prefix(4).joined(separator: ", ") + (missing.count > 4 ? " and \(missing.count - 4) more" : "")
    return "how many agents are there is not known: nothing was told of shard \(names) for 5s"
  }
}
