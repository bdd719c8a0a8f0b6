import FleetModel
import Redis
import Wire

/// What is judged of the shards of a divided fleet, as one list: what is well is said once, what is not is said of the shards
/// that it is said of.
struct FleetChecks {
  let shards: Shards
  /// Of each shard, in order: what it answered, and what is judged of that.
  let parts: [(answers: ServerAnswers, checks: [Check])]

  /// Everything that is judged, in the order in which it is told.
  var all: [Check] {
    let topics = parts.flatMap { $0.checks.map(\.topic) }.uniqued()
    return topics.flatMap(checks) + [numberOfShards].compactMap(\.self)
  }

  private func checks(_ topic: String) -> [Check] {
    let found = parts.enumerated().compactMap { index, part in
      part.checks.first { $0.topic == topic }.map { (shard: index, check: $0) }
    }
    let well = found.filter { $0.check.verdict == .ok }
    let others = found.filter { $0.check.verdict != .ok }
    let kinds = others.map(\.check).reduce(into: [Check]()) { if !$0.contains($1) { $0.append($1) } }
    let troubled = kinds.map { check -> Check in
      let places = others.filter { $0.check == check }.map(\.shard)
      var named = check
      named.detail = "\(ShardNames.words(places)): \(check.detail)"
      return named
    }
    guard let first = well.first else { return troubled }
    return troubled + [summary(topic, first.check, well.map(\.shard))]
  }

  /// What is said of the shards where something is well.
  private func summary(_ topic: String, _ check: Check, _ places: [Int]) -> Check {
    let whose = places.count == shards.count ? "all \(places.count) shards" : ShardNames.words(places)
    if topic == "handler" { return Check(topic, .ok, "\(whose): \(leaders(places))") }
    if let count = entries(topic, places) { return Check(topic, .ok, "\(whose): \(count) entries together") }
    let isSame = places.allSatisfy { place in parts[place].checks.contains(check) }
    return Check(
      topic, .ok,
      isSame ? "\(whose): \(check.detail)" : "\(whose), such as \(ShardNames.words([places[0]])): \(check.detail)")
  }

  /// Who leads which: `h0 leads 00 02, h1 leads 01 03`.
  private func leaders(_ places: [Int]) -> String {
    let ids = places.compactMap { parts[$0].answers.lease.value??.id }.uniqued()
    return ids.map { id in
      let own = places.filter { parts[$0].answers.lease.value??.id == id }
      return "\(id) leads \(own.map(ShardNames.number).joined(separator: " "))"
    }.joined(separator: ", ")
  }

  /// How many entries a stream has in some shards; nil if the topic is no stream.
  private func entries(_ topic: String, _ places: [Int]) -> Int? {
    let streams = places.compactMap { place in parts[place].answers.streams.first { $0.name == topic } }
    return streams.isEmpty ? nil : streams.reduce(0) { $0 + ($1.info.value??.length ?? 0) }
  }

  /// Handlers that divide the fleet otherwise.
  private var numberOfShards: Check? {
    let wrong = parts.indices.compactMap { index in
      parts[index].answers.lease.value??.shards.flatMap { $0 == shards.count ? nil : (shard: index, count: $0) }
    }
    guard let first = wrong.first else { return nil }
    return Check(
      "shards", .wrong,
      "\(ShardNames.words(wrong.map(\.shard))): the handler divides the fleet by \(first.count), this program by \(shards.count)",
      advice: "start all programs with the same --shards; agents' keys of another number are in other shards")
  }
}

extension DoctorCommand {
  /// Looks at each shard on the node that has it, all at once.
  func examineShards(_ whole: Installation, _ shards: Shards, in session: Session, _ role: AccessRole)
    -> [ServerExamination]
  {
    let all = whole.parts
    var answers: [Int: ServerAnswers] = [:]
    return all.enumerated().map { index, part in
      let table = AccessTable(
        role, part.keys, reads: queues.map { Array($0.utf8) }, usesDatabase: part.endpoint.database != 0)
      return ServerExamination(loop: session.loop, part, table, triedUser: user) { found in
        answers[index] = found
        guard answers.count == all.count else { return }
        let parts = all.indices.map { place in
          let own = answers[place] ?? ServerAnswers()
          return (answers: own, checks: Self.checks(own, all[place]))
        }
        let checks = FleetChecks(shards: shards, parts: parts).all
        tell(whole, checks)
        let hasAny = parts.contains { $0.answers.hasAny }
        session.end(hasAny ? Self.outcome(checks) : Self.outcome(parts[0].answers, checks))
      }
    }
  }
}
