/// The place of a command among those that one order was split into, since it names more agents than a command may: they
/// are shown, counted and undone as one.
package struct Batch: Hashable, Sendable {
  /// An order that would take more is refused.
  package static let mostParts = 100

  package var id: CommandID
  /// From 1 to ``parts``.
  package var part: Int
  package var parts: Int

  package init(id: CommandID, part: Int, parts: Int) {
    self.id = id
    self.part = part
    self.parts = parts
  }
}
