/// What a screen said and the truth does not.
package struct Disagreement: Error, Sendable, CustomStringConvertible {
  package var seed: UInt64
  /// How many steps had been taken, and the last of them.
  package var steps: Int
  package var step: String
  package var console: Int
  package var what: String
  package var screen: [String]

  /// In a line.
  package var summary: String { "seed \(seed), step \(steps) (\(step)), console \(console): \(what)" }

  package var description: String { ([summary] + screen).joined(separator: "\n") }
}
