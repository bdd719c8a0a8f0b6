/// A program of the operator's own, as `[[commands]]` names it: an argument vector that no shell reads.
///
/// A place fills a whole argument or a part of one. A value never becomes an option: an argument that begins with a place
/// has to stand behind a literal `--`, or its value may not begin with `-`.
package struct OwnCommand: Equatable, Sendable {
  package let name: String
  /// Whether it asks for the code, and is refused where the console only reads.
  package let isDangerous: Bool
  private let arguments: [LinkTemplate]
  /// How long it may take.
  package let limit: TimeSpan

  package static let most = 20
  package static let mostArguments = 64
  package static let longestArgument = 4000
  package static let usualLimit = TimeSpan.seconds(30)

  package init(
    name: String, arguments: [LinkTemplate], isDangerous: Bool, limit: TimeSpan
  ) throws(LinkTemplate.Malformed) {
    guard OwnLink.isName(name) else {
      throw LinkTemplate.Malformed(description: "is no name; expected 1 to \(OwnLink.longestName) bytes on one line")
    }
    guard let program = arguments.first, arguments.count <= Self.mostArguments, program.places.isEmpty,
      program.head.first == UInt8(ascii: "/"), !program.head.contains(0)
    else {
      throw LinkTemplate.Malformed(
        description:
          "names no program; expected its whole path, without a place, and \(Self.mostArguments) arguments at "
          + "most")
    }
    (self.name, self.arguments, self.isDangerous, self.limit) = (name, arguments, isDangerous, limit)
  }

  /// Why it cannot be run for something.
  package enum Refusal: Error, Equatable, CustomStringConvertible {
    case unknown(LinkPlace)
    case looksLikeAnOption(String)
    case tooLong

    package var description: String {
      switch self {
      case .unknown(let place): "{\(place.rawValue)} is not known here"
      case .looksLikeAnOption(let text): "\(text) begins with -, and no -- stands before it"
      case .tooLong: "an argument is too long"
      }
    }
  }

  /// The arguments, the program's path first.
  package func filled(_ facts: LinkFacts) throws(Refusal) -> [String] {
    var filled: [String] = []
    var isBehindDashes = false
    for template in arguments {
      if let place = template.places.first(where: { facts.value($0) == nil }) { throw .unknown(place) }
      let bytes = template.filled { facts.value($0) } ?? []
      let text = String(decoding: bytes, as: UTF8.self)
      guard bytes.count <= Self.longestArgument, !bytes.contains(0) else { throw .tooLong }
      if template.head.isEmpty, !template.places.isEmpty, bytes.first == UInt8(ascii: "-"), !isBehindDashes {
        throw .looksLikeAnOption(text)
      }
      if template.places.isEmpty, text == "--" { isBehindDashes = true }
      filled.append(text)
    }
    return filled
  }
}
