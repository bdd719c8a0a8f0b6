import Automation
import Wire

/// A condition that numbers of the event decide, judged without words: most events of a flood are settled by it.
struct NumberTest {
  private indirect enum Node {
    case always
    case comparison(field: Int, Condition.Relation, Double, isTurned: Bool)
    case not(Node)
    case all([Node])
    case any([Node])
  }

  private let node: Node

  /// - Parameters:
  ///   - condition: what is to be judged.
  ///   - fields: names of the fields of `data` that tests ask for; this one adds its own.
  ///
  /// Fails for a condition that asks for anything else.
  init?(_ condition: Condition, _ fields: inout [String]) {
    var found = fields
    guard let node = Self.node(condition, &found) else { return nil }
    (self.node, fields) = (node, found)
  }

  private static func node(_ condition: Condition, _ fields: inout [String]) -> Node? {
    switch condition {
    case .always: return .always
    case .present: return nil
    case .not(let inner): return node(inner, &fields).map { .not($0) }
    case .all(let parts): return nodes(parts, &fields).map { .all($0) }
    case .any(let parts): return nodes(parts, &fields).map { .any($0) }
    case .comparison(let comparison):
      switch (comparison.left, comparison.right) {
      case (.fact(let name), .literal(.number(let number))):
        return node(name, comparison.relation, number, isTurned: false, &fields)
      case (.literal(.number(let number)), .fact(let name)):
        return node(name, comparison.relation, number, isTurned: true, &fields)
      case (.fact, _), (.literal, _): return nil
      }
    }
  }

  private static func nodes(_ parts: [Condition], _ fields: inout [String]) -> [Node]? {
    var nodes: [Node] = []
    for part in parts {
      guard let node = node(part, &fields) else { return nil }
      nodes.append(node)
    }
    return nodes
  }

  private static func node(
    _ name: FactName, _ relation: Condition.Relation, _ number: Double, isTurned: Bool, _ fields: inout [String]
  ) -> Node? {
    guard name.parts.count == 2, name.parts[0] == "data" else { return nil }
    switch relation {
    case .equal, .unequal, .atMost, .atLeast, .less, .greater: break
    case .contains, .matches, .isIn: return nil
    }
    let place = fields.firstIndex(of: name.parts[1]) ?? fields.count
    if place == fields.count { fields.append(name.parts[1]) }
    return .comparison(field: place, relation, number, isTurned: isTurned)
  }

  /// Whether it holds; nil if a field that it asks for is no number, and words must decide.
  func holds(_ values: [EventNumbers.Value]) -> Bool? { Self.holds(node, values) }

  private static func holds(_ node: Node, _ values: [EventNumbers.Value]) -> Bool? {
    switch node {
    case .always: return true
    case .comparison(let field, let relation, let number, let isTurned):
      switch values[field] {
      case .missing: return false
      case .number(let value): return isTurned ? compare(number, relation, value) : compare(value, relation, number)
      case .other: return nil
      }
    case .not(let inner): return holds(inner, values).map { !$0 }
    case .all(let parts):
      for part in parts {
        guard let result = holds(part, values) else { return nil }
        if !result { return false }
      }
      return true
    case .any(let parts):
      for part in parts {
        guard let result = holds(part, values) else { return nil }
        if result { return true }
      }
      return false
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
