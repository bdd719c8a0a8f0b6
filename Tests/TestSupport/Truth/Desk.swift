import FleetModel
import Screen

/// An operator at a console: what has been done there, and so what its screen must be a picture of.
struct Desk: Sendable {
  /// What was true when the link broke, and when the display was frozen.
  var lostTruth: Truth?
  private(set) var frozenTruth: Truth?
  private var isOfLostLink = false
  private(set) var filter = ""
  private(set) var marked: Set<String> = []

  /// Carries out an operation by keys, reading the screen as a person does.
  ///
  /// - Returns: the question that was said yes to, if there was one.
  mutating func operate(
    _ operation: History.Operation, _ truth: Truth, look: () throws -> ScreenReading, press: (Key) throws -> Void
  ) rethrows -> Question? {
    switch operation {
    case .act(let key, let agent):
      guard try aim(at: agent, look, press) else { return nil }
      return try act(key, look, press)
    case .actHere(let key): return try act(key, look, press)
    case .mark(let agent):
      guard try aim(at: agent, look, press) else { return nil }
      try press(.character(" "))
      marked.formSymmetricDifference([agent])
    case .filter(let text):
      try press(.character("/"))
      for _ in filter { try press(.backspace) }
      for character in text { try press(.character(character)) }
      try press(.enter)
      filter = text
    case .freeze:
      try press(.character("f"))
      toggleFreeze(truth)
    case .back:
      try press(.escape)
      // Marks that the filter hides are shown before they are taken back.
      if !marked.isEmpty, marked.allSatisfy(isShown) {
        marked = []
      } else if !filter.isEmpty {
        filter = ""
      } else if frozenTruth != nil {
        toggleFreeze(truth)
      }
    }
    return nil
  }

  private mutating func toggleFreeze(_ truth: Truth) {
    frozenTruth = frozenTruth == nil ? lostTruth ?? truth : nil
    isOfLostLink = frozenTruth != nil && lostTruth != nil
  }

  private func isShown(_ agent: String) -> Bool {
    filter.isEmpty || agent.lowercased().contains(filter.lowercased())
  }

  /// Moves the cursor to an agent's row; false if it is not on the screen.
  func aim(at agent: String, _ look: () throws -> ScreenReading, _ press: (Key) throws -> Void) rethrows -> Bool {
    let rows = try look().rows
    guard let goal = rows.firstIndex(where: { $0.name == agent }) else { return false }
    let start = rows.firstIndex { $0.isSelected } ?? 0
    for _ in 0..<abs(goal - start) { try press(goal > start ? .down : .up) }
    return true
  }

  /// Presses the key of an action and says yes, having read the question.
  private func act(_ key: Character, _ look: () throws -> ScreenReading, _ press: (Key) throws -> Void) rethrows
    -> Question?
  {
    try press(.character(key))
    let question = Question(try look().lines)
    for answer in question.answer { try press(.character(answer)) }
    return question.answer.isEmpty ? nil : question
  }

  /// What is wrong with a command that was given: it goes to whom the question named, and what the filter hides takes a
  /// code.
  func fault(of targets: [String], _ question: Question) -> String? {
    if let unnamed = targets.first(where: { !question.text.contains($0) }) {
      return "goes to \(unnamed), asked was: \(question.text)"
    }
    let hidden = targets.filter { !isShown($0) }
    guard !hidden.isEmpty, !question.isCode else { return nil }
    return "acts on \(hidden), which the filter hides, without a code: \(question.text)"
  }

  /// Compares the console's screen with the truth.
  func check(_ reading: ScreenReading, _ truth: Truth) -> TruthCheck {
    var check = TruthCheck(shown: frozenTruth ?? lostTruth ?? truth, present: lostTruth ?? truth, reading: reading)
    (check.isLinked, check.isFrozen, check.isOfLostLink) = (lostTruth == nil, frozenTruth != nil, isOfLostLink)
    (check.filter, check.marked, check.clock) = (filter, marked, truth.now)
    return check
  }
}

extension Truth {
  /// The alert of an agent that somebody would take care of; nil if there is none, or it is in hand already.
  func tended(_ agent: String, _ tending: History.Tending) -> AlertKey? {
    if tending == .escalate { return agents[agent] == nil ? nil : AlertKey(kind: "escalation", agent: agent) }
    return alerts.keys.sorted().first {
      $0.agent == agent && !mayBeClosed($0) && !(tending == .acknowledge && alerts[$0]?.isAcknowledged == true)
    }
  }
}
