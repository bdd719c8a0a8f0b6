extension KeyDecoder {
  /// Takes one byte of a control sequence; the grammar is ECMA-48's: parameters, intermediates, one final byte.
  mutating func stepSequence(_ byte: UInt8, acts: Bool, at now: Int64) {
    guard byte >= 0x20, byte < 0x7F else {
      phase = .ground
      if byte != Byte.cancel, byte != Byte.substitute { step(byte, at: now) }
      return
    }
    if buffer.count < Limit.sequenceBytes { buffer.append(byte) }
    if table.isPrefix(buffer) { return }
    if let key = table.key(for: buffer) {
      phase = .ground
      if acts { keys.append(key) }
    } else if isComplete(byte) {
      phase = .ground
      finishUnknown(at: now)
    }
  }

  private func isComplete(_ byte: UInt8) -> Bool {
    // The Linux console sends `ESC [ [ A` for F1.
    if buffer == [Byte.escape, UInt8(ascii: "["), UInt8(ascii: "[")] { return false }
    return byte >= 0x40
  }

  /// What is no key: the begin of a paste, an answer, a mouse report, or nothing known.
  private mutating func finishUnknown(at now: Int64) {
    if buffer == KeyDecoder.pasteStart {
      begin(.paste(matched: 0), [], at: now)
      pasted = []
    } else if buffer == KeyDecoder.mouseStart {
      begin(.mouse(left: 3), [], at: now)
    } else if let report = KeyDecoder.modeReport(buffer), reports.count < 16 {
      reports.append(report)
    }
  }

  /// Reads `ESC [ ? mode ; setting $ y`.
  private static func modeReport(_ bytes: [UInt8]) -> ModeReport? {
    guard bytes.starts(with: Array("\u{1B}[?".utf8)), bytes.suffix(2) == Array("$y".utf8)[...] else { return nil }
    let numbers = bytes.dropFirst(3).dropLast(2).split(separator: UInt8(ascii: ";"))
      .compactMap { Int(String(decoding: $0, as: UTF8.self)) }
    return numbers.count == 2 ? ModeReport(mode: numbers[0], setting: numbers[1]) : nil
  }

  private static let pasteStart = Array("\u{1B}[200~".utf8)
  private static let mouseStart = Array("\u{1B}[M".utf8)
}
