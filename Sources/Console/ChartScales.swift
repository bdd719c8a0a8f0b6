import FleetModel
import Screen

/// From which value to which a chart goes.
package struct ValueScale: Equatable {
  package var bottom: Double
  package var top: Double
  /// Whether the level lies in it. One that is far from all values would press them flat.
  package var showsLevel = false

  package init(bottom: Double, top: Double, showsLevel: Bool = false) {
    (self.bottom, self.top, self.showsLevel) = (bottom, top, showsLevel)
  }

  /// Values that move within this share of their height are shown without the zero.
  private static let narrow = 0.5
  private static let farthest = 2.0
}

extension ValueScale {
  /// A scale that holds all values between `low` and `high`, and the level if it is not far off.
  package init(low: Double, high: Double, level: Double?) {
    self.init(bottom: min(low, high), top: max(low, high))
    if let level, level <= top * Self.farthest, level >= bottom / Self.farthest {
      (bottom, top, showsLevel) = (min(bottom, level), max(top, level), true)
    }
    if bottom > 0, top - bottom > Self.narrow * top { bottom = 0 }
    guard top == bottom else { return }
    // All the same: it stands in the middle.
    let half = max(abs(top) / 2, 0.5)
    (bottom, top) = (bottom >= 0 ? max(0, bottom - half) : bottom - half, top + half)
  }
}

/// A span as columns of a chart, with times below it.
package struct TimeScale {
  private let start: Instant
  private let end: Instant
  private let columns: Int

  /// Between two times.
  private static let steps: [TimeSpan] = [
    .minutes(1), .minutes(2), .minutes(5), .minutes(10), .minutes(15), .minutes(30), .hours(1), .hours(2), .hours(3),
    .hours(6), .hours(12), .days(1),
  ]
  /// The room that one time takes at least.
  private static let room: Int64 = 10

  package init(from start: Instant, to end: Instant, columns: Int) {
    (self.start, self.end, self.columns) = (start, end, columns)
  }

  /// Where an instant stands; nil outside.
  package func column(of instant: Instant) -> Int? {
    let span = (end - start).milliseconds
    guard span > 0, instant >= start, instant <= end else { return nil }
    let share = Double((instant - start).milliseconds) / Double(span)
    return min(columns - 1, Bounded.int(rounding: (share * Double(columns)).rounded(.down)))
  }

  /// Shows a marked span: its columns, and its place, which moves.
  func paint(_ mark: SpanMark, into grid: inout Grid, in rect: Rect) {
    guard let first = column(of: max(mark.from, start)), let last = column(of: min(mark.to, end)) else { return }
    grid.paint(rect.dropping(left: first).splitLeft(last - first + 1).0, role: .selected)
    guard let place = column(of: mark.place) else { return }
    for row in 0..<rect.height {
      grid.putGlyph(grid.glyphs.vertical, row: rect.row + row, column: rect.column + place, role: .selected)
    }
  }

  /// Writes times below the columns at which they are.
  package func draw(into grid: inout Grid, in rect: Rect) {
    let span = (end - start).milliseconds
    guard span > 0, columns > 0 else { return }
    let least = span * Self.room / Int64(columns)
    let step = (Self.steps.first { $0.milliseconds >= least } ?? .days(1)).milliseconds
    var time = (start.milliseconds + step - 1) / step * step
    while time <= end.milliseconds {
      if let column = column(of: Instant(milliseconds: time)), column + 6 <= rect.width {
        let text = String(Format.clock(Instant(milliseconds: time)).prefix(5)) + "Z"
        grid.draw(text, in: rect.dropping(left: column), role: .dim)
      }
      time += step
    }
  }
}
