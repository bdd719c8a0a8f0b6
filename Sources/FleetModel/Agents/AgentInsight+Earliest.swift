extension AgentInsight.Coming {
  /// When the metric crosses its level at the earliest: where the edge of the fan that is nearer to the level meets it. Half
  /// of the time, if nothing is known of the fan.
  ///
  /// The middle goes from `value` to `level` in `crossesAt - madeAt`; the edge lies beside it by the radius, which grows with
  /// the square root of the time. So with x, the root of the time, `slope x² + width x = |level - value|`.
  package var earliest: Instant {
    let eta = Double((crossesAt - madeAt).milliseconds)
    guard eta > 0 else { return madeAt }
    guard let radius, radius.isFinite, radius > 0 else { return madeAt + TimeSpan(milliseconds: Int64(eta / 2)) }
    let distance = abs(level - value)
    let (slope, width) = (distance / eta, radius / 600_000.0.squareRoot())
    guard slope > 0, slope.isFinite else { return madeAt }
    let root = (-width + (width * width + 4 * slope * distance).squareRoot()) / (2 * slope)
    let span = root * root
    return span.isFinite ? madeAt + TimeSpan(milliseconds: Int64(min(max(0, span), eta))) : madeAt
  }
}
