/// The labels of a sample as they are written: `agent="a-1",role="support"`.
package struct LabelSet: Equatable, Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// - Parameter pairs: each name has letters, digits and `_`; a value may hold anything.
  package init(_ pairs: (name: String, value: String)...) {
    for (name, value) in pairs { Self.append(name, Array(value.utf8), to: &bytes) }
  }

  package func adding(_ name: String, _ value: String) -> LabelSet {
    var all = self
    Self.append(name, Array(value.utf8), to: &all.bytes)
    return all
  }

  /// Writes one label behind others.
  ///
  /// - Parameter value: whatever came from outside.
  package static func append(_ name: String, _ value: [UInt8], to bytes: inout [UInt8]) {
    if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: "="))
    bytes.append(UInt8(ascii: "\""))
    ExpositionWriter.escape(value, isLabel: true, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }
}
