import Automation
import Wire

/// A condition that numbers of the event decide, judged without words: most events of a flood are settled by it.
struct NumberTest {
  /// A part of the condition, its own parts right behind it.
  private struct Node {
    enum Kind { case always, comparison, not, all, any }

    var kind: Kind
    /// Of a comparison: which field is compared with what, and whether the number stands on the left.
    var field = 0
    var relation = Condition.Relation.equal
    var number = 0.0
    var isTurned = false
    /// The place behind its last part.
    var end = 0
  }

  private var nodes: [Node] = []

  /// - Parameters:
  ///   - condition: what is to be judged.
  ///   - fields: names of the fields of `data` that tests ask for; this one adds its own.
  ///
  /// Fails for a condition that asks for anything else.
  init?(_ condition: Condition, _ fields: inout [String]) {
    var found = fields
    guard add(condition, &found) else { return nil }
    fields = found
  }

  private mutating func add(_ condition: Condition, _ fields: inout [String]) -> Bool {
    switch condition {
    case .always: return add(.always, [], &fields)
    case .present: return false
    case .not(let inner): return add(.not, [inner], &fields)
    case .all(let parts): return add(.all, parts, &fields)
    case .any(let parts): return add(.any, parts, &fields)
    case .comparison(let comparison):
      switch (comparison.left, comparison.right) {
      case (.fact(let name), .literal(.number(let number))):
        return add(name, comparison.relation, number, isTurned: false, &fields)
      case (.literal(.number(let number)), .fact(let name)):
        return add(name, comparison.relation, number, isTurned: true, &fields)
      case (.fact, _), (.literal, _): return false
      }
    }
  }

  private mutating func add(_ kind: Node.Kind, _ parts: [Condition], _ fields: inout [String]) -> Bool {
    let place = nodes.count
    nodes.append(Node(kind: kind))
    for part in parts {
      guard add(part, &fields) else { return false }
    }
    nodes[place].end = nodes.count
    return true
  }

  private mutating func add(
    _ name: FactName, _ relation: Condition.Relation, _ number: Double, isTurned: Bool, _ fields: inout [String]
  ) -> Bool {
    guard name.parts.count == 2, name.parts[0] == "data" else { return false }
    switch relation {
    case .equal, .unequal, .atMost, .atLeast, .less, .greater: break
    case .contains, .matches, .isIn: return false
    }
    let field = fields.firstIndex(of: name.parts[1]) ?? fields.count
    if field == fields.count { fields.append(name.parts[1]) }
    nodes.append(
      Node(
        kind: .comparison, field: field, relation: relation, number: number, isTurned: isTurned, end: nodes.count + 1))
    return true
  }

  /// Whether it holds; nil if a field that it asks for is no number, and words must decide.
  func holds(_ values: [EventNumbers.Value]) -> Bool? {
    nodes.withUnsafeBufferPointer { nodes in values.withUnsafeBufferPointer { Self.holds(0, nodes, $0) } }
  }

  private static func holds(
    _ place: Int, _ nodes: UnsafeBufferPointer<Node>, _ values: UnsafeBufferPointer<EventNumbers.Value>
  ) -> Bool? {
    let node = nodes[place]
    switch node.kind {
    case .always: return true
    case .comparison:
      switch values[node.field] {
      case .missing: return false
      case .number(let value):
        return node.isTurned ? compare(node.number, node.relation, value) : compare(value, node.relation, node.number)
      case .other: return nil
      }
    case .not: return holds(place + 1, nodes, values).map { !$0 }
    case .all, .any:
      var part = place + 1
      while part < node.end {
        guard let result = holds(part, nodes, values) else { return nil }
        if result == (node.kind == .any) { return result }
        part = nodes[part].end
      }
      return node.kind == .all
    }
  }

  private static func compare(_ left: Double, _ relation: Condition.Relation, _ right: Double) -> Bool {
    switch relation {
    case .equal: left == right
    case .unequal: left != right
    case .atMost: left <= right
    case .atLeast: left >= right
    case .less: left < right
    case .greater: left > right
    case .contains, .matches, .isIn: false
    }
  }
}
