import Automation
import FleetModel
import Redis
import Wire

/// Reads the marks of several rules and agents at once. What a whole rule counts by is the same for all of its agents, and
/// is read once.
struct RuleStateReader {
  private struct Wanted {
    var rule: Rule
    var agent: AgentID
    var marks: RuleState
    /// Where the values of each of its keys stand in the answer: one for each spelling.
    var places: [(first: Int, count: Int)]
  }

  private var wanted: [Wanted] = []
  private var keys = EncodedArguments()
  private var shared: [[UInt8]: Int] = [:]
  private var clearing: (key: [UInt8], fields: [[UInt8]]) = ([], [])

  var isEmpty: Bool { wanted.isEmpty }

  /// - Parameter marks: of a rule and an agent that were not added before.
  mutating func add(_ rule: Rule, _ agent: AgentID, _ marks: RuleState) {
    var places: [(first: Int, count: Int)] = []
    marks.forEachKey { name, isShared in
      let first = isShared ? shared[name.key] ?? keys.count : keys.count
      if first == keys.count {
        for key in name.spellings { key.append(to: &keys) }
        if isShared { shared[name.key] = first }
      }
      places.append((first, name.spellings.count))
    }
    if let (key, field) = marks.uncleared { clearing = (key, clearing.fields + [field]) }
    wanted.append(Wanted(rule: rule, agent: agent, marks: marks, places: places))
  }

  /// What must be read; ``marks(_:)`` wants the answers.
  var requests: [Request] {
    // MGET finds nothing in a key of another type. Whatever acts reads each key by itself, and says so.
    var marks = Request("MGET")
    marks.append(keys)
    guard !clearing.fields.isEmpty else { return [marks] }
    var fields = Request("HMGET", clearing.key)
    for field in clearing.fields { fields.append(field) }
    return [marks, fields]
  }

  /// The marks with what was found of them.
  func marks(_ replies: [Reply]) -> [(rule: Rule, agent: AgentID, marks: RuleState)] {
    let values = replies.first?.elements ?? []
    var uncleared = (replies.dropFirst().first?.elements ?? [])[...]
    // What was made of the values that many share.
    var made: [Int: RuleState.Found] = [:]
    return wanted.map { wanted in
      var marks = wanted.marks
      var places = wanted.places[...]
      let run = marks.uncleared.flatMap { _ in uncleared.popFirst()?.bytes } ?? []
      marks.take(isUncleared: !run.isEmpty) { make in
        guard let place = places.popFirst() else { return RuleState.Found() }
        if let known = made[place.first] { return known }
        let bytes = (place.first..<place.first + place.count).lazy.filter(values.indices.contains)
          .compactMap { values[$0].bytes }.first
        let new = make(bytes ?? [])
        if new.times.count > 1 { made[place.first] = new }
        return new
      }
      return (wanted.rule, wanted.agent, marks)
    }
  }
}
