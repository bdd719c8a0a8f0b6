/// A link of the operator's own, as `[[links]]` names it: an address with places for what it is about.
///
/// Values are percent-encoded byte by byte, so that none can end the place where it stands: in a path no slash, in a query
/// no `&` and no `=`. Places stand only behind the host: no value can choose another host.
package struct OwnLink: Equatable, Sendable {
  package let name: String
  private let template: LinkTemplate

  package static let most = 20
  /// In bytes: of a name, of an address as it is written, and as it is filled in.
  package static let longestName = 40
  package static let longestTemplate = 2000
  package static let longestAddress = 4000

  /// Why an address is none.
  package typealias Malformed = LinkTemplate.Malformed

  package init(name: String, url: String) throws(Malformed) {
    guard Self.isName(name) else {
      throw Malformed(description: "is no name; expected 1 to \(Self.longestName) bytes on one line")
    }
    guard url.utf8.count <= Self.longestTemplate, url.utf8.allSatisfy(Self.isOfAddress) else {
      throw Malformed(
        description:
          "is no address; expected visible ASCII without quotes, < > \\ ^ ` |, \(Self.longestTemplate) bytes "
          + "at most")
    }
    template = try LinkTemplate(url)
    guard Self.isBase(template.head, isWhole: template.places.isEmpty) else {
      throw Malformed(
        description: "is no address; expected https:// or http://, a host without a user, and places only behind the "
          + "first slash, ? or #")
    }
    self.name = name
  }

  package static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= longestName
      && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
  }

  /// Whether a text may be an address that a link gave.
  package static func isAddress(_ text: String) -> Bool {
    text.utf8.count <= longestAddress && text.utf8.allSatisfy(isOfAddress) && isBase(Array(text.utf8), isWhole: true)
  }

  private static func isOfAddress(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) && !"\"<>\\^`|'".utf8.contains(byte)
  }

  /// Whether a scheme, a host and what ends it are there.
  private static func isBase(_ head: [UInt8], isWhole: Bool) -> Bool {
    guard let scheme = ["https://", "http://"].first(where: { head.starts(with: $0.utf8) }) else { return false }
    let rest = head.dropFirst(scheme.utf8.count)
    let host = rest.prefix { !"/?#".utf8.contains($0) }
    let isEnded = host.count < rest.count
    let isHost = host.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "-._:[]".utf8.contains(byte)
    }
    return !host.isEmpty && isHost && (isEnded || isWhole)
  }

  /// The address of what it is about; nil if a value is not known, would be another path (`..`), or makes it too long.
  package func address(_ facts: LinkFacts) -> String? {
    let filled = template.filled { place in
      facts.value(place).flatMap { value in
        value == [0x2E] || value == [0x2E, 0x2E] ? nil : Self.encoded(value)
      }
    }
    guard let filled, filled.count <= Self.longestAddress else { return nil }
    return String(decoding: filled, as: UTF8.self)
  }

  /// All but letters, digits and `-._~` (RFC 3986, 2.3): right in a path's segment, a query's value and a fragment.
  private static func encoded(_ value: [UInt8]) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return value.flatMap { byte -> [UInt8] in
      let isPlain =
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "-._~".utf8.contains(byte)
      return isPlain ? [byte] : [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
}
