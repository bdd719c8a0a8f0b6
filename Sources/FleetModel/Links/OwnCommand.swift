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
  /// How the argument vector is written.
  package static let form = "a list of the program's whole path and its arguments, such as [\"/usr/bin/df\", \"-h\"]"

  package init(
    name: String, arguments: [LinkTemplate], isDangerous: Bool, limit: TimeSpan
  ) throws(LinkTemplate.Malformed) {
    guard OwnLink.isName(name) else {
      throw LinkTemplate.Malformed(description: "is no name; expected 1 to \(OwnLink.longestName) bytes on one line")
    }
    if let fault = Self.fault(of: arguments) { throw LinkTemplate.Malformed(description: fault) }
    (self.name, self.arguments, self.isDangerous, self.limit) = (name, arguments, isDangerous, limit)
  }

  /// What is wrong with an argument vector, and what to write; nil if nothing is.
  private static func fault(of arguments: [LinkTemplate]) -> String? {
    guard let program = arguments.first else { return "is empty; expected \(form)" }
    guard arguments.count <= mostArguments else {
      return "has \(arguments.count) entries; expected \(mostArguments) at most"
    }
    guard program.places.isEmpty else {
      return "has a place in the program's path; expected places in its arguments only"
    }
    // Neither a shell nor $PATH is asked, so that a name alone finds nothing.
    guard program.head.first == UInt8(ascii: "/"), !program.head.contains(0) else {
      let name = String(decoding: program.head, as: UTF8.self).prefix(40)
      return "begins with \"\(name)\", which is no whole path; expected \(form)"
    }
    return nil
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
