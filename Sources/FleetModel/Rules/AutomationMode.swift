/// What the fleet-wide switch lets rules do.
package enum AutomationMode: String, CaseIterable, Sendable {
  /// They act.
  case on
  /// They are evaluated and audited, and nothing acts.
  case dry
  case off
}

/// Where the fleet-wide switch stands.
package enum AutomationSetting: Equatable, Sendable {
  /// Nobody has read it yet, or the server does not say.
  case unknown
  /// Nobody has ever switched it, so that first contact never acts: rules run dry.
  case unset
  case set(AutomationMode)

  /// - Parameter text: what the switch's key holds; nil if there is none. What is no mode switches nothing on.
  package init(text: String?) {
    self = text.flatMap(AutomationMode.init(rawValue:)).map { .set($0) } ?? .unset
  }

  /// What rules may do; nil if nobody knows.
  package var mode: AutomationMode? {
    switch self {
    case .unknown: nil
    case .unset: .dry
    case .set(let mode): mode
    }
  }
}

/// One turn of the switch, as the audit tells it.
package struct AutomationChange: Equatable, Sendable {
  package var mode: AutomationMode
  package var `operator`: String
  package var at: Instant

  /// Reads it from a line that closes a command; nil if that turned no switch. The mode is the last word of its
  /// detail, `automation dry → on`, also if the command took an earlier one back.
  package init?(_ line: AuditLine) {
    guard line.phase == .succeeded, [Action.automation.rawValue, Action.undo.rawValue].contains(line.action),
      line.detail.hasPrefix("automation "),
      let mode = line.detail.split(separator: " ").last.flatMap({ AutomationMode(rawValue: String($0)) })
    else { return nil }
    self.mode = mode
    self.operator = line.operator
    at = line.at
  }
}

/// What is known of the switch: the key tells its position, the audit who turned it and when. What is later holds.
package struct AutomationSwitch: Equatable, Sendable {
  package private(set) var setting = AutomationSetting.unknown
  /// The last turn of it, where the audit reaches back to it.
  package private(set) var change: AutomationChange?
  /// When the key was read last.
  private var readAt = Instant.epoch

  package init() {}

  /// Takes what the key holds; whether that is news.
  mutating func read(_ setting: AutomationSetting, at instant: Instant) -> Bool {
    readAt = max(readAt, instant)
    // While a turn is on its way the audit may have told of it already.
    if let change, change.at > instant, setting != .unknown { return false }
    guard setting != self.setting else { return false }
    self.setting = setting
    return true
  }

  /// Takes a line of the audit. The history's tell who and when; only what is later than the key was read turns it.
  mutating func apply(_ line: AuditLine) {
    guard let change = AutomationChange(line), change.at >= self.change?.at ?? .epoch else { return }
    self.change = change
    if change.at >= readAt { setting = .set(change.mode) }
  }

  /// The one that holds while several differ: that which lets rules do least. If one is not known, and no known one is
  /// off, nobody knows it. The last turn is the latest one to where it stands.
  static func strictest(of all: [AutomationSwitch]) -> AutomationSwitch {
    let strictest = AutomationSetting.strictest(of: all.map(\.setting))
    var result = all.first { $0.setting == strictest } ?? AutomationSwitch()
    result.change = all.compactMap(\.change).filter { $0.mode == result.setting.mode }.max { $0.at < $1.at }
    return result
  }
}

extension AutomationSetting {
  /// The one that holds while the shards of a fleet differ: that which lets rules do least. If one is not known, and no
  /// known one is off, nobody knows it.
  package static func strictest(of all: [AutomationSetting]) -> AutomationSetting {
    all.max { $0.strictness < $1.strictness } ?? .unknown
  }

  /// The same by what is known alone.
  package static func strictestKnown(of all: [AutomationSetting]) -> AutomationSetting {
    strictest(of: all.filter { $0 != .unknown })
  }

  private var strictness: Int {
    switch self {
    case .set(.on): 0
    case .set(.dry): 1
    case .unset: 2
    case .unknown: 3
    case .set(.off): 4
    }
  }

  /// Where the switch stands in each shard, in words, if the shards differ: `dry in shards 02 05, on in the others`. Nil
  /// if they do not. Those in which it is not known are left out.
  package static func differenceWords(_ all: [AutomationSetting]) -> String? {
    let modes = all.map(\.mode)
    let known = modes.compactMap(\.self)
    guard let first = known.first, known.contains(where: { $0 != first }) else { return nil }
    let strictest = strictestKnown(of: all).mode
    let named = modes.indices.filter { modes[$0] == strictest }
    let others = AutomationMode.allCases.filter { $0 != strictest && modes.contains($0) }.map(\.rawValue)
    let places = ShardNames.words(named)
    return "\(strictest?.rawValue ?? "") in \(places), \(others.joined(separator: " or ")) in the others"
  }
}
