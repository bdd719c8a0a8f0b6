import Automation
import FleetModel
import Redis
import Wire

/// Reads the marks of several rules and agents at once. What a whole rule counts by is the same for all of its agents, and
/// is read once.
struct RuleStateReader {
  private struct Wanted {
    var marks: RuleState
    /// Where in `places` its keys begin.
    var first: Int
  }

  private var wanted: [Wanted] = []
  private var keys = EncodedArguments()
  /// For each key of each rule and agent, where the values of its spellings begin in the answer.
  private var places: [Int] = []
  /// Where the values of keys stand that are the same for all agents; and those of the rule that was added last.
  private var shared: [[UInt8]: Int] = [:]
  private var sharedOfLast: (spelling: ObjectIdentifier, places: [Int: Int])?
  private var clearing: (key: [UInt8], fields: [[UInt8]]) = ([], [])

  var isEmpty: Bool { wanted.isEmpty }

  /// - Parameter marks: of a rule and an agent that were not added before.
  mutating func add(_ marks: RuleState) {
    wanted.append(Wanted(marks: marks, first: places.count))
    marks.forEachPlace { place in
      guard marks.isShared(place) else {
        places.append(keys.count)
        return marks.append(place, to: &keys)
      }
      places.append(sharedPlace(place, marks))
    }
    if let (key, field) = marks.uncleared { clearing = (key, clearing.fields + [field]) }
  }

  private mutating func sharedPlace(_ place: Int, _ marks: RuleState) -> Int {
    let spelling = marks.spellingID
    if sharedOfLast?.spelling != spelling { sharedOfLast = (spelling, [:]) }
    if let known = sharedOfLast?.places[place] { return known }
    let key = marks.key(place)
    let first = shared[key] ?? keys.count
    if first == keys.count { marks.append(place, to: &keys) }
    shared[key] = first
    sharedOfLast?.places[place] = first
    return first
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
  func marks(_ replies: [Reply]) -> [RuleState] {
    let values = replies.first?.elements ?? []
    var uncleared = (replies.dropFirst().first?.elements ?? [])[...]
    // What was made of the values that many share.
    var made: [Int: RuleState.Found] = [:]
    return wanted.map { wanted in
      var marks = wanted.marks
      let run = marks.uncleared.flatMap { _ in uncleared.popFirst()?.bytes } ?? []
      marks.take(isUncleared: !run.isEmpty) { number, place, make in
        let first = places[wanted.first + number]
        let spellings = wanted.marks.isShared(place) ? 1 : wanted.marks.spellings
        guard let bytes = value(in: values, first..<first + spellings) else { return RuleState.Found() }
        if let known = made[first] { return known }
        let new = make(bytes)
        if new.times.count > 1 { made[first] = new }
        return new
      }
      return marks
    }
  }

  /// The first value that stands under the spellings of a key.
  private func value(in values: [Reply], _ places: Range<Int>) -> [UInt8]? {
    for place in places where place < values.count {
      if let bytes = values[place].bytes { return bytes }
    }
    return nil
  }
}
