import FleetModel
import Wire

/// What a server says that it is, in its answer to `HELLO`: every user may ask that, from 6.0 on.
package struct ServerIdentity: Equatable, Sendable {
  /// `redis` or `valkey`; foreign text, at most 32 bytes.
  package var product: String
  package var version: ServerVersion
  /// `standalone`, `cluster` or `sentinel`.
  package var mode: String
  /// `master` or `replica`.
  package var role: String

  package static let request = Request("HELLO")

  /// Nil if the answer is none of these, such as an error.
  package init?(_ reply: Reply) {
    let fields = reply.pairs
    func text(_ name: String) -> String? {
      fields.first { $0.name.elementsEqual(name.utf8) }.map { String(decoding: $0.value.prefix(32), as: UTF8.self) }
    }
    guard let version = text("version").flatMap({ ServerVersion($0) }) else { return nil }
    self.version = version
    product = text("server") ?? "redis"
    mode = text("mode") ?? "standalone"
    role = text("role") ?? "master"
  }

  /// How it writes rights; nil for one before 6.2.
  package var dialect: AccessDialect? { AccessDialect(major: version.major, minor: version.minor) }
}

/// Three numbers, such as 7.0.15.
package struct ServerVersion: Comparable, Sendable, CustomStringConvertible {
  package var major: Int
  package var minor: Int
  package var patch: Int

  package init(_ major: Int, _ minor: Int, _ patch: Int = 0) {
    (self.major, self.minor, self.patch) = (major, minor, patch)
  }

  /// Reads `7`, `7.0` or `7.0.15`, and passes over what stands behind the third number. Nil for anything else.
  package init?(_ text: some StringProtocol) {
    var numbers: [Int] = []
    for part in text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false) {
      let digits = part.utf8.prefix { (0x30...0x39).contains($0) }
      guard let number = Int(String(decoding: digits, as: UTF8.self)), number < 10_000 else { return nil }
      guard digits.count == part.utf8.count || numbers.count == 2 else { return nil }
      numbers.append(number)
    }
    guard let major = numbers.first else { return nil }
    self.init(major, numbers.count > 1 ? numbers[1] : 0, numbers.count > 2 ? numbers[2] : 0)
  }

  package static func < (left: ServerVersion, right: ServerVersion) -> Bool {
    (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
  }

  package var description: String { "\(major).\(minor).\(patch)" }
}
