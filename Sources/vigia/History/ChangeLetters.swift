import Console
import FleetModel
import Screen

/// A letter for each change, by which a chart marks when it was.
struct ChangeLetters {
  private let marks: [(letter: Character, change: AgentInsight.Change)]
  private static let letters: [Character] = Array("abcdefghijklmnopqrstuvwxyz")

  init(_ changes: [AgentInsight.Change]) {
    marks = zip(Self.letters, changes).map { ($0, $1) }
  }

  /// Of several at one place the last is seen.
  func draw(on scale: TimeScale, into grid: inout Grid, in rect: Rect) {
    for (letter, change) in marks {
      guard let column = scale.column(of: change.at) else { continue }
      grid.draw(String(letter), in: rect.dropping(left: column), role: .warning)
    }
  }

  var lines: [String] {
    marks.map { letter, change in
      "  \(letter)  \(Format.minute(change.at))  \(change.kind.swapping("_", for: " ")) \(change.detail)".shown
    }
  }
}
