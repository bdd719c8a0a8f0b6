/// Lets the beginning of a trouble through and not each of its samples.
///
/// After a score only one that is clearly greater passes, until the first has faded. A metric that was found again and
/// again lately must differ more.
struct Refractory: Sendable {
  private var held = 0.0
  private var habit = 0.0

  /// What is left of both after one sample: they fade over 97 and 7,300 samples.
  private static let heldAfterSample = 0.989_74
  private static let habitAfterSample = 0.999_863
  /// How much greater a score must be than the one that is held.
  private static let clearly = 1.77
  private static let weightOfHabit = 0.011
  /// Lower scores hold nothing back.
  private static let least = 0.3

  /// The score if it says something new; 0 otherwise.
  mutating func pass(_ score: Double) -> Double {
    held *= Self.heldAfterSample
    habit *= Self.habitAfterSample
    let weighed = score / (1 + Self.weightOfHabit * habit)
    guard weighed > held * Self.clearly else { return 0 }
    if weighed > Self.least {
      held = weighed
      habit += min(1, weighed)
    }
    return weighed
  }
}
