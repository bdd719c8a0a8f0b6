/// Turns the bytes of a terminal into keys: a pure function of bytes and times.
///
/// ```
///            ESC                 [ or O                  final byte
///  ground ────────▶ escape ───────────────▶ sequence ─────────────────▶ a key, or nothing
///                     │ 25 ms: Esc          ] P X ^ _ ▶ string ──▶ BEL, ST: nothing, or what the terminal is
///                     └ anything else: Alt with a key, nothing          ESC[200~ ▶ paste ──▶ ESC[201~
/// ```
///
/// What is not known does nothing: no part of a sequence ever counts as a key, also when it arrives in pieces.
package struct KeyDecoder: Sendable {
  enum Phase: Equatable {
    case ground
    /// Esc came `count` times, and nothing after it yet.
    case escape(count: Int)
    /// Inside a control sequence; `acts` is false if it must not count as a key.
    case sequence(acts: Bool)
    /// The rest of an old mouse report: three bytes of any value.
    case mouse(left: Int)
    /// Inside OSC, DCS, SOS, PM or APC; `closing` after an Esc that may begin the terminator.
    case string(closing: Bool)
    /// Between the marks of a bracketed paste; so many bytes of the end mark have come.
    case paste(matched: Int)
  }

  let table: KeySequenceTable
  var phase = Phase.ground
  /// The sequence so far, from its Esc on.
  var buffer: [UInt8] = []
  var pasted: [UInt8] = []
  /// When the phase began and when its latest byte came, in milliseconds.
  var since: Int64 = 0
  var latest: Int64 = 0
  /// Until then `[` or `O` still belongs to an Esc that was already given out.
  var lateUntil: Int64?
  /// Until then letters still belong to a long paste that came without marks.
  var burstUntil: Int64?
  /// Bytes of a UTF-8 scalar that is not complete, and whether it came with Alt.
  var partial: [UInt8] = []
  var partialActs = true
  var keys: [Key] = []
  var reports: [ModeReport] = []
  var name: TerminalName?

  package init(table: KeySequenceTable) { self.table = table }

  /// Takes what was read at a time and gives the keys that it completes.
  package mutating func feed(_ bytes: [UInt8], at milliseconds: Int64) -> [Key] {
    bytes.withUnsafeBytes { feed($0, at: milliseconds) }
  }

  /// Takes what was read at a time and gives the keys that it completes.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer, at milliseconds: Int64) -> [Key] {
    guard !bytes.isEmpty else { return expire(at: milliseconds) }
    let expired = expire(at: milliseconds)
    if bytes.count == 1, bytes[0] == Byte.interrupt, case .paste = phase { endPaste() }
    for byte in bytes { step(byte, at: milliseconds) }
    defer { keys = [] }
    return expired + foldBursts(keys, at: milliseconds)
  }

  /// Gives the keys that are decided by nothing more having come until now.
  package mutating func expire(at milliseconds: Int64) -> [Key] {
    guard let deadline, milliseconds >= deadline else { return [] }
    switch phase {
    case .ground: break
    case .escape(let count):
      keys += Array(repeating: .escape, count: count)
      lateUntil = since + Limit.lateIntroducer
      phase = .ground
    case .sequence(let acts):
      if acts, let key = table.key(for: buffer) { keys.append(key) }
      phase = .ground
    case .mouse, .string: phase = .ground
    case .paste: endPaste()
    }
    defer { keys = [] }
    return keys
  }

  /// When `expire` has something to decide if nothing more comes; nil when no sequence is open.
  package var deadline: Int64? {
    switch phase {
    case .ground: nil
    case .escape: since + Limit.escape
    case .sequence: buffer.count <= 2 ? since + Limit.introducer : latest + Limit.sequence
    case .mouse: latest + Limit.introducer
    case .string: min(latest + Limit.stringPause, since + Limit.string)
    case .paste: latest + Limit.pastePause
    }
  }

  /// Answers about modes that came since the last call; they are never keys.
  package mutating func takeReports() -> [ModeReport] {
    defer { reports = [] }
    return reports
  }

  /// What the terminal called itself since the last call.
  package mutating func takeName() -> TerminalName? {
    defer { name = nil }
    return name
  }

  /// Times in milliseconds and sizes in bytes.
  enum Limit {
    /// A lone Esc is the key after that.
    static let escape: Int64 = 25
    /// On a slow link `[` and `O` still belong to the Esc before them.
    static let lateIntroducer: Int64 = 300
    /// `ESC [` with nothing behind it may be Alt with a key.
    static let introducer: Int64 = 500
    static let sequence: Int64 = 5_000
    static let stringPause: Int64 = 1_000
    static let string: Int64 = 5_000
    static let pastePause: Int64 = 10_000
    static let burstPause: Int64 = 100
    /// So many letters in one read are pasted for certain, not typed.
    static let burst = 8
    static let sequenceBytes = 64
    static let pasteBytes = 64 * 1024
  }

  enum Byte {
    static let interrupt: UInt8 = 0x03
    static let bell: UInt8 = 0x07
    static let cancel: UInt8 = 0x18
    static let substitute: UInt8 = 0x1A
    static let escape: UInt8 = 0x1B
    static let delete: UInt8 = 0x7F
  }
}

/// The terminal's answer to the question about one private mode (DECRPM, `CSI ? mode ; setting $ y`).
package struct ModeReport: Equatable, Sendable {
  package var mode: Int
  /// 0 unknown, 1 set, 2 reset, 3 always set, 4 always reset.
  package var setting: Int

  package init(mode: Int, setting: Int) {
    self.mode = mode
    self.setting = setting
  }

  /// Whether the terminal has the mode and lets it be switched.
  package var isSwitchable: Bool { setting == 1 || setting == 2 }

  /// The mode of synchronized output.
  package static let synchronizedOutput = 2026
}
