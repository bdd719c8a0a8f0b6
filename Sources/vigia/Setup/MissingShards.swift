import FleetModel
import Wire

/// The shards of a divided fleet that do not answer, and why: what a tool says of the others is not all there is.
struct MissingShards: Equatable {
  private var reasons: [Int: String] = [:]

  init(_ reasons: [Int: String] = [:]) { self.reasons = reasons }

  subscript(shard: Int) -> String? {
    get { reasons[shard] }
    set { reasons[shard] = newValue }
  }

  var isEmpty: Bool { reasons.isEmpty }

  /// Those of them that pass.
  func filter(_ passes: (Int) -> Bool) -> MissingShards { MissingShards(reasons.filter { passes($0.key) }) }

  /// In their order.
  var shards: [Int] { reasons.keys.sorted() }

  /// `shards 02 05 do not answer: connect: Connection refused`; nil if all answer.
  var words: String? { sentence(ShardNames.words(shards)) }

  /// The same behind a label: `02 05 do not answer: …`.
  var labelledWords: String? { sentence(ShardNames.numbers(shards)) }

  private func sentence(_ names: String) -> String? {
    guard !isEmpty else { return nil }
    let causes = shards.compactMap { reasons[$0] }.uniqued()
    let each = causes.map { cause in
      causes.count == 1 ? cause : "\(cause) (\(ShardNames.words(shards.filter { reasons[$0] == cause })))"
    }
    return "\(names) \(isOne ? "does" : "do") not answer: \(each.joined(separator: ", "))".shown
  }

  /// The line for stderr; nil if all answer.
  var warning: String? {
    words.map { "warning: \($0); what \(isOne ? "it has" : "they have") is missing here" }
  }

  private var isOne: Bool { reasons.count == 1 }

  /// `[{"shard":"03","reason":"connect: Connection refused"}]`; nil if all answer.
  var json: JSONValue? {
    isEmpty
      ? nil
      : .array(
        shards.map { ["shard": .string(ShardNames.number($0)), "reason": reasons[$0].map { .string($0) }] })
  }

  /// A document with the member `missing_shards`, if any are missing.
  func noted(in document: JSONValue) -> JSONValue {
    guard let json, var object = document.object else { return document }
    object["missing_shards"] = json
    return .object(object)
  }
}
