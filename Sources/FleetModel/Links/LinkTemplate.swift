/// A text with places to fill in. A doubled brace is a brace.
package struct LinkTemplate: Equatable, Sendable {
  package enum Part: Equatable, Sendable {
    case text([UInt8])
    case place(LinkPlace)
  }

  package private(set) var parts: [Part]

  /// Why a text is no template.
  package struct Malformed: Error, Equatable, CustomStringConvertible {
    package let description: String
  }

  package init(_ source: String) throws(Malformed) {
    parts = []
    var text: [UInt8] = []
    var rest = Array(source.utf8)[...]
    let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
    while let byte = rest.popFirst() {
      guard byte == open || byte == close else {
        text.append(byte)
        continue
      }
      if rest.first == byte {
        text.append(byte)
        rest.removeFirst()
        continue
      }
      guard byte == open, let end = rest.firstIndex(of: close) else {
        throw Malformed(description: "has a brace without its other; write {{ or }} for a brace")
      }
      let name = String(decoding: rest[..<end], as: UTF8.self)
      guard let place = LinkPlace(rawValue: name) else {
        throw Malformed(description: "has {\(name)}, which is no place; there are \(LinkPlace.words)")
      }
      if !text.isEmpty { parts.append(.text(text)) }
      text = []
      parts.append(.place(place))
      rest = rest[(end + 1)...]
    }
    if !text.isEmpty { parts.append(.text(text)) }
  }

  package var places: [LinkPlace] { parts.compactMap { if case .place(let place) = $0 { place } else { nil } } }

  /// What stands before the first place.
  package var head: [UInt8] { if case .text(let text)? = parts.first { text } else { [] } }

  /// Nil if a value is not known.
  package func filled(_ value: (LinkPlace) -> [UInt8]?) -> [UInt8]? {
    var filled: [UInt8] = []
    for part in parts {
      switch part {
      case .text(let text): filled += text
      case .place(let place):
        guard let value = value(place) else { return nil }
        filled += value
      }
    }
    return filled
  }
}
