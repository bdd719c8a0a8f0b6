/// What was found.
package enum FindingKind: String, CaseIterable, Sendable {
  case outOfRange = "out_of_range"
  case offSeason = "off_season"
  case unsteady
  case stuck
  case apart
  case runaway
  /// Its version fails more often than another one of its role.
  case version
}
