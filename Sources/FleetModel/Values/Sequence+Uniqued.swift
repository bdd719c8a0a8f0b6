extension Sequence where Element: Hashable {
  /// Each element once, in the order in which they first stand; every element is hashed, and none is looked for.
  package func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
