import FleetModel
import Screen

/// A series as bars, one column each, of as many rows as there is room for. Where nothing came there is nothing; where
/// something was missed there is a mark.
struct Sparkline: Equatable {
  var values: [Bucket]
  /// The value of a full bar, if the greatest of the values is not greater.
  var top: Float?
  var levels: Limits.Levels?

  /// Draws the latest values at the right of a region.
  func draw(into grid: inout Grid, in rect: Rect) {
    guard !rect.isEmpty else { return }
    let shown = values.suffix(rect.width)
    let full = max(top ?? 0, shown.compactMap(\.value).max() ?? 0)
    let first = rect.endColumn - shown.count
    for (index, bucket) in shown.enumerated() {
      if bucket == .missed {
        grid.putGlyph(grid.glyphs.gap, row: rect.endRow - 1, column: first + index, role: .gap)
      }
      guard let value = bucket.value else { continue }
      let isBad = levels?.severity(of: Double(value)).map { $0 >= .high } ?? false
      let eighths = full > 0 ? Bounded.int(rounding: Double(value / full * Float(rect.height * 8))) : 0
      bar(max(1, eighths), column: first + index, role: isBad ? .sparklineBad : .sparkline, into: &grid, in: rect)
    }
  }

  private func bar(_ eighths: Int, column: Int, role: Role, into grid: inout Grid, in rect: Rect) {
    for row in 0..<rect.height {
      let filled = min(8, eighths - row * 8)
      guard filled > 0 else { return }
      grid.putGlyph(grid.glyphs.levels[filled - 1], row: rect.endRow - 1 - row, column: column, role: role)
    }
  }
}
