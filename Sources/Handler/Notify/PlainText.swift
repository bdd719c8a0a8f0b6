/// Text as a service outside may have it: without what steers a screen or leads away, and no longer than it takes.
///
/// What events say is text to whoever reads it. Each service escapes its own markup besides; see its file.
enum PlainText {
  /// The text without controls, and without marks that turn the direction of what follows; line feeds stay.
  static func scrubbed(_ text: String) -> String {
    var kept = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0A: kept.append(scalar)
      case 0x09, 0x0D, 0x2028, 0x2029: kept.append(" ")
      case ..<0x20, 0x7F...0x9F: continue
      // Embeddings, overrides, isolates, and the two marks.
      case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0x061C, 0xFEFF: continue
      // Tags: letters that nobody sees.
      case 0xE0000...0xE007F: continue
      default: kept.append(scalar)
      }
    }
    return String(kept)
  }

  /// The text on one line.
  static func line(_ text: String) -> String {
    scrubbed(text).split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// The text scrubbed, with every address and mention broken, so that nobody is led anywhere or called by what an event says:
  /// `https[:]//example.org`, `www[.]example.org`, `@ everyone`. A service's own escapes are not enough: one such as
  /// Alertmanager hands the text on to others.
  static func unlinked(_ text: String) -> String {
    let bytes = Array(scrubbed(text).utf8)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var at = 0
    while at < bytes.count {
      if let link = links[Int(bytes[at])].first(where: { begins(bytes, at, with: $0.link) }) {
        result += link.broken
        at += link.link.count
      } else {
        result.append(bytes[at])
        at += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// What a reader's program takes for an address or a mention, in any case of letters, and what stands in its place: by its
  /// first byte. It is looked for byte by byte, since a mark that combines with its last letter makes another character of
  /// that.
  private static let links: [[(link: [UInt8], broken: [UInt8])]] = {
    var byFirst = [[(link: [UInt8], broken: [UInt8])]](repeating: [], count: 256)
    for (link, broken) in [
      ("://", "[:]//"), ("www.", "www[.]"), ("discord.gg/", "discord[.]gg/"), ("mailto:", "mailto[:]"),
      ("@everyone", "@ everyone"), ("@here", "@ here"), ("@channel", "@ channel"), ("@all", "@ all"), ("<!", "< !"),
      ("<@", "< @"), ("<#", "< #"),
    ] {
      let bytes = Array(link.utf8)
      for first in Set([bytes[0], uppercased(bytes[0])]) { byFirst[Int(first)].append((bytes, Array(broken.utf8))) }
    }
    return byFirst
  }()

  private static func begins(_ bytes: [UInt8], _ at: Int, with link: [UInt8]) -> Bool {
    guard at + link.count <= bytes.count else { return false }
    for (place, byte) in link.enumerated() where bytes[at + place] != byte && bytes[at + place] != uppercased(byte) {
      return false
    }
    return true
  }

  private static func uppercased(_ byte: UInt8) -> UInt8 { (0x61...0x7A).contains(byte) ? byte & ~0x20 : byte }

  /// The same on one line.
  static func unlinkedLine(_ text: String) -> String { line(unlinked(text)) }

  /// The text's beginning, with "…" if something is left out, and never part of what is read as one character.
  ///
  /// Lengths are counted in UTF-16: no service counts more than that, whether it counts UTF-16 or Unicode scalars.
  ///
  /// - Parameter escape: what a character is written as; it is this that is counted, and it stays whole.
  static func clipped(_ text: String, to limit: Int, escape: (Character) -> String = { String($0) }) -> String {
    clipped(text.lazy.map(escape), to: limit)
  }

  /// The same for pieces: no piece is cut.
  static func clipped(_ pieces: some Sequence<String>, to limit: Int) -> String {
    guard limit > 0 else { return "" }
    var kept = ""
    var length = 0
    // How much of it would stay if "…" had to follow.
    var bytesBeforeEllipsis = 0
    for written in pieces {
      length += written.utf16.count
      guard length <= limit else { return String(decoding: kept.utf8.prefix(bytesBeforeEllipsis), as: UTF8.self) + "…" }
      kept += written
      if length < limit { bytesBeforeEllipsis = kept.utf8.count }
    }
    return kept
  }

  /// What Slack reads as the beginning of a link, a mention or an entity, as it is to be written in any of its texts.
  static func slackEscaped(_ character: Character) -> String {
    // A combining mark behind one of them makes it another character, and Slack sees scalars.
    var written = ""
    for scalar in character.unicodeScalars {
      switch scalar {
      case "&": written += "&amp;"
      case "<": written += "&lt;"
      case ">": written += "&gt;"
      default: written.unicodeScalars.append(scalar)
      }
    }
    return written
  }
}
