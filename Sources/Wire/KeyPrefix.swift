import FleetModel

/// What the names of an installation begin with: every key, and every channel of vigia's own.
///
/// Several installations can share a Redis, each with a prefix of its own. In a cluster the prefix holds a hash tag,
/// such as `{agentos}`, by which all keys are in one slot. Channels have no slot, so their names go without the braces:
///
/// ```
/// prefix      keys                 channels
/// agentos     agentos:events       agentos.control.pause
/// {agentos}   {agentos}:events     agentos.control.pause
/// ```
///
/// A hash tag that ends in a colon and two digits, such as `{agentos:03}`, names one shard of an installation: its
/// channels are those of all shards. See ``Shards``.
package struct KeyPrefix: Equatable, Sendable, CustomStringConvertible {
  /// Why a text is no prefix; never repeats the text, which may steer a terminal.
  package struct Malformed: Error, Equatable, CustomStringConvertible {
    package let reason: String
    package var description: String { "\(reason); such as agentos, or {agentos} in a cluster" }
  }

  package static let `default` = KeyPrefix(checked: "agentos")
  /// The longest, in bytes.
  package static let mostBytes = 64

  /// As it was given.
  package let text: String
  /// Which shard of an installation it names; nil if the installation is one.
  package let shard: Int?
  /// Whether it stands for those of all shards, `{agentos:??}`, in patterns of keys.
  package let isPattern: Bool

  /// Takes a prefix: 1 to ``mostBytes`` visible ASCII characters. What means something else in patterns, in lists of
  /// rights or in a shell's quotes is refused, and braces but around a hash tag.
  package init(_ text: String) throws(Malformed) {
    guard !text.isEmpty, text.utf8.count <= Self.mostBytes else {
      throw Malformed(reason: "a prefix has 1 to \(Self.mostBytes) bytes")
    }
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw Malformed(reason: "a prefix has visible ASCII characters only, and no space")
    }
    guard !text.utf8.contains(where: { Self.refused.contains($0) }) else {
      throw Malformed(reason: #"a prefix has none of * ? [ ] ^ \ ' " `"#)
    }
    let braces = text.utf8.filter { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }
    guard braces.isEmpty || Self.hashTag(in: text) != nil && braces.count == 2 else {
      throw Malformed(reason: "braces in a prefix are those of one hash tag, which is not empty")
    }
    self.init(checked: text)
  }

  /// The one that an option names, else the environment's `VIGIA_PREFIX`, else the default.
  package init(option: String?, environment: String?) throws(Malformed) {
    if let option {
      do { try self.init(option) } catch { throw Malformed(reason: "--prefix: \(error.reason)") }
    } else if let environment, !environment.isEmpty {
      do { try self.init(environment) } catch { throw Malformed(reason: "$VIGIA_PREFIX: \(error.reason)") }
    } else {
      self = .default
    }
  }

  /// The prefix of one shard of an installation, 0..<100.
  init(shard: Int, of base: KeyPrefix) {
    self.init(checked: "{\(base.channels):\(ShardNames.number(shard))}")
  }

  /// What matches the prefixes of all shards of an installation.
  init(patternOf base: KeyPrefix) { self.init(checked: "{\(base.channels):??}", isPattern: true) }

  private init(checked text: String, isPattern: Bool = false) {
    (self.text, self.isPattern) = (text, isPattern)
    shard = Self.shard(in: text)
  }

  /// What the channels of vigia's own begin with.
  package var channels: String {
    let plain = text.filter { $0 != "{" && $0 != "}" }
    return shard == nil && !isPattern ? plain : String(plain.dropLast(3))
  }

  /// What stands between the braces: the slot of all keys follows from it. Nil if each key has a slot of its own.
  package var hashTag: String? { Self.hashTag(in: text) }

  package var description: String { text }

  /// The NN of `{name:NN}`; nil if the text is no such one.
  private static func shard(in text: String) -> Int? {
    guard text.hasPrefix("{"), text.hasSuffix("}"), text.utf8.count > 5 else { return nil }
    let end = text.dropLast().suffix(3)
    guard end.first == ":", end.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(end.dropFirst())
  }

  private static let refused = Array(#"*?[]^\'"`"#.utf8)

  private static func hashTag(in text: String) -> String? {
    guard let open = text.firstIndex(of: "{" as Character) else { return nil }
    let rest = text[text.index(after: open)...]
    guard let close = rest.firstIndex(of: "}" as Character), close > rest.startIndex else { return nil }
    return String(rest[..<close])
  }
}
