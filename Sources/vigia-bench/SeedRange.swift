import ArgumentParser

/// The seeds that a command takes, by its options `--first` and `--seeds`.
enum SeedRange {
  /// - Throws: `ValidationError` if there are fewer than `least`, or if the last one would be beyond 64 bits.
  static func make(first: UInt64, seeds: Int, least: Int = 0, most: Int = .max) throws -> Range<UInt64> {
    guard seeds >= least, seeds <= most else {
      let bounds = most == .max ? "\(least) or more" : "in \(least)…\(most)"
      throw ValidationError("--seeds is not \(bounds)")
    }
    let (end, isBeyond) = first.addingReportingOverflow(UInt64(seeds))
    guard !isBeyond else { throw ValidationError("--first is too large: with --seeds it exceeds \(UInt64.max)") }
    return first..<end
  }
}
