/// How long a conversation has waited for a person, against the longest that one should.
package enum ServiceLevel: String, CaseIterable, Sendable {
  case ok
  /// Three quarters of that time are over.
  case near
  case over

  /// - Parameter level: the longest that one should wait.
  package init(wait: TimeSpan, level: TimeSpan) {
    let isNear = Double(wait.milliseconds) >= 0.75 * Double(level.milliseconds)
    self = wait >= level ? .over : isNear ? .near : .ok
  }
}

/// How long a conversation may wait for a person, as the settings say.
package struct WaitingSettings: Equatable, Sendable {
  /// If one has waited so long, people are paged.
  package var levels = WaitingLevels()

  /// Of a skill that has none of its own.
  package var level: TimeSpan {
    get { levels.usual }
    set { levels.usual = newValue }
  }

  package init() {}

  /// What may be set.
  package static let range = TimeSpan.seconds(10)...TimeSpan.days(7)
}
