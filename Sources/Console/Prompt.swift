import FleetModel
import Screen

/// What the operator is being asked at the foot of the screen.
package enum Prompt: Equatable, Sendable {
  /// Text that rows must hold.
  case filter(LineEditor)
  /// An action's arguments, and what was wrong with them.
  case arguments(ActionDraft, LineEditor, fault: String?)
  /// `y`, or anything else.
  case confirm(ActionDraft)
  /// A code to type; `typed` is what has been typed of it.
  case code(ActionDraft, code: String, typed: String)
  /// Whether to quit though commands wait for a link.
  case quit
}

extension Prompt {
  /// A place that text is typed into.
  enum Field { case filter, arguments, code }

  /// The field that is open; nil for a question that one key answers.
  var field: Field? {
    switch self {
    case .filter: .filter
    case .arguments: .arguments
    case .code: .code
    case .confirm, .quit: nil
    }
  }

  /// The action that is asked about; nil for the filter and for quitting.
  package var draft: ActionDraft? {
    switch self {
    case .filter, .quit: nil
    case .arguments(let draft, _, _), .confirm(let draft), .code(let draft, _, _): draft
    }
  }

  /// Whether an action needs a code rather than a `y`: those that interrupt users or shut somebody out, and anything
  /// on many agents at once.
  static func needsCode(_ draft: ActionDraft, fleetSize: Int) -> Bool {
    // Who takes it was read and chosen a moment ago.
    if !draft.candidates.isEmpty { return false }
    if draft.targets.count > min(mostByKey, max(5, fleetSize / 10)) { return true }
    return draft.action.descriptor.confirmation == .code
  }

  /// A single key never acts on more agents, however large the fleet is.
  static let mostByKey = 20

  /// Four letters and digits that do not look like one another.
  static func makeCode(_ random: inout SeededRandom) -> String {
    let alphabet = Array("acdefhjkmnpqrtuvwxy3479")
    return String((0..<4).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] })
  }
}
