import Screen
import Testing

struct RectTests {
  private let area = Rect(row: 2, column: 3, height: 5, width: 10)

  @Test func negativeSizeCountsAsZero() {
    #expect(Rect(row: 0, column: 0, height: -1, width: -7) == Rect(row: 0, column: 0, height: 0, width: 0))
  }

  @Test func lineOutsideHasNoHeight() {
    #expect(area.line(0) == Rect(row: 2, column: 3, height: 1, width: 10))
    #expect(area.line(4) == Rect(row: 6, column: 3, height: 1, width: 10))
    #expect(area.line(5).isEmpty)
    #expect(area.line(-1).isEmpty)
  }

  @Test func splitsShareTheRegionOut() {
    #expect(area.splitTop(2).0 == Rect(row: 2, column: 3, height: 2, width: 10))
    #expect(area.splitTop(2).1 == Rect(row: 4, column: 3, height: 3, width: 10))
    #expect(area.splitBottom(1).0 == Rect(row: 2, column: 3, height: 4, width: 10))
    #expect(area.splitBottom(1).1 == Rect(row: 6, column: 3, height: 1, width: 10))
    #expect(area.splitLeft(4).1 == Rect(row: 2, column: 7, height: 5, width: 6))
    #expect(area.splitRight(4).0 == Rect(row: 2, column: 3, height: 5, width: 6))
    #expect(area.splitRight(4).1 == Rect(row: 2, column: 9, height: 5, width: 4))
  }

  @Test func splitsBeyondTheRegionTakeAllOfIt() {
    #expect(area.splitTop(99).0 == area)
    #expect(area.splitTop(99).1.isEmpty)
    #expect(area.splitTop(-1).0.isEmpty)
    #expect(area.splitBottom(99).1 == area)
    #expect(area.splitRight(99).1 == area)
    #expect(area.dropping(left: 99).isEmpty)
  }

  @Test func insetNeverTurnsInsideOut() {
    #expect(area.inset(rows: 1, columns: 2) == Rect(row: 3, column: 5, height: 3, width: 6))
    #expect(area.inset(rows: 9, columns: 9).isEmpty)
  }

  @Test func containsItsEdgesAndNothingElse() {
    #expect(area.contains(row: 2, column: 3) && area.contains(row: 6, column: 12))
    #expect(!area.contains(row: 7, column: 3) && !area.contains(row: 2, column: 13))
  }
}
