/// The table of detectors that look at a metric alone. More than three overfit.
package struct Detector: Sendable {
  /// What it looks for, in a few words.
  package let looksFor: String
  /// What it finds.
  package let findings: [FindingKind]

  package static let all = [
    Detector(looksFor: "a value far outside of the range so far", findings: [.outOfRange]),
    Detector(looksFor: "values that are unusual for this time of day", findings: [.offSeason]),
    Detector(looksFor: "a change of how much it changes, and standstill", findings: [.unsteady, .stuck]),
  ]
}
