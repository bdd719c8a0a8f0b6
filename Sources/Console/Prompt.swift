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

  /// The command under way, where one is.
  var draft: ActionDraft? {
    switch self {
    case .filter: nil
    case .arguments(let draft, _, _), .confirm(let draft), .code(let draft, _, _): draft
    }
  }
}

extension Prompt {
  /// Whether an action needs a code rather than a `y`: those that interrupt users or shut somebody out, and anything
  /// on many agents at once.
  static func needsCode(_ draft: ActionDraft, fleetSize: Int) -> Bool {
    if draft.targets.count > max(5, fleetSize / 10) { return true }
    switch draft.action {
    case .restart, .scale, .blockIP: return true
    case .pause, .resume, .escalate, .rateLimit, .activateBackup, .undo: return false
    case .rebalance, .deactivateBackup, .transfer, .unblockIP, .offerCoupon, .schedule, .cancel, .tune, .notify,
      .acknowledge, .unacknowledge, .silence, .unsilence, .approve, .reject, .automation:
      return true
    }
  }

  /// Whether the arguments are asked for first, rather than shown with their defaults.
  static func asksArguments(_ action: Action) -> Bool {
    action == .scale || action == .blockIP
  }

  /// Four letters and digits that do not look like one another.
  static func makeCode(_ random: inout RandomState) -> String {
    let alphabet = Array("acdefhjkmnpqrtuvwxy3479")
    return String((0..<4).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] })
  }
}

/// SplitMix64: a small generator whose state is part of the model, so that the same inputs give the same screens.
package struct RandomState: RandomNumberGenerator, Equatable, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
