import FleetModel

/// Something that was changed about an agent, as a mark on its charts.
package struct ChangeMark: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case version
    case llmModel = "llm_model"
    case promptVersion = "prompt_version"
    case operatorAction = "operator"
    case ruleAction = "rule"
  }

  package var kind: Kind
  package var at: Instant
  /// What it is since, or what was done.
  package var detail: String

  package init(_ kind: Kind, at instant: Instant, detail: String) {
    (self.kind, at, self.detail) = (kind, instant, detail)
  }
}

/// The last changes of one agent, the latest last; the oldest make room.
package struct ChangeMarks: Equatable, Sendable {
  package private(set) var all: [ChangeMark] = []
  package static let most = 16

  package init() {}

  /// Takes note of a change; of the same one only once.
  package mutating func note(_ mark: ChangeMark) {
    guard !all.contains(mark) else { return }
    let place = all.lastIndex { $0.at <= mark.at }.map { $0 + 1 } ?? 0
    all.insert(mark, at: place)
    if all.count > Self.most { all.removeFirst() }
  }

  /// The latest change before a trouble began, and how long before; nil if there is none within `span`.
  package func latest(before instant: Instant, within span: TimeSpan) -> (mark: ChangeMark, ago: TimeSpan)? {
    guard let mark = all.last(where: { $0.at <= instant }), instant - mark.at <= span else { return nil }
    return (mark, instant - mark.at)
  }
}
