/// The private modes that the console uses beyond terminfo: bracketed paste (2004) and synchronized output (2026); and
/// the question what the terminal is (XTVERSION).
struct Modes {
  /// Whether the terminal may be asked what it knows.
  let isQueryable: Bool

  /// Sent with the first frame.
  var on: [UInt8] { isQueryable ? Array("\u{1B}[?2004h\u{1B}[?2026$p\u{1B}[>q".utf8) : [] }

  /// Sent on every way out.
  var off: [UInt8] { isQueryable ? Array("\u{1B}[?2026l\u{1B}[?2004l".utf8) : [] }

  static let beginFrame = Array("\u{1B}[?2026h".utf8)
  static let endFrame = Array("\u{1B}[?2026l".utf8)
}
