/// Something that must never be, and was.
package struct Violation: Error, CustomStringConvertible {
  package let words: String

  package init(_ words: String) { self.words = words }

  package var description: String { words }
}
