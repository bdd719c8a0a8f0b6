extension KeyDecoder {
  /// Takes one byte.
  mutating func step(_ byte: UInt8, at now: Int64) {
    latest = now
    switch phase {
    case .ground: stepGround(byte, at: now)
    case .escape(let count): stepEscape(byte, count: count, at: now)
    case .sequence(let acts): stepSequence(byte, acts: acts, at: now)
    case .mouse(let left): phase = left > 1 ? .mouse(left: left - 1) : .ground
    case .string(let closing): stepString(byte, closing: closing, at: now)
    case .paste(let matched): stepPaste(byte, matched: matched)
    }
  }

  private mutating func stepGround(_ byte: UInt8, at now: Int64) {
    if !partial.isEmpty, continuePartial(byte, at: now) { return }
    let isLate = lateUntil.map { now <= $0 } ?? false
    lateUntil = nil
    if byte == Byte.escape {
      begin(.escape(count: 1), [], at: now)
    } else if isLate, byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") {
      begin(.sequence(acts: false), [Byte.escape, byte], at: now)
    } else if byte < 0x80 {
      keys.append(KeyDecoder.key(ascii: byte))
    } else {
      beginScalar(byte, acts: true, at: now)
    }
  }

  private mutating func stepEscape(_ byte: UInt8, count: Int, at now: Int64) {
    phase = .ground
    switch byte {
    case Byte.escape: begin(.escape(count: count + 1), [], at: now)
    case UInt8(ascii: "["), UInt8(ascii: "O"):
      // A second Esc before it is Alt: what follows is not the key alone.
      begin(.sequence(acts: count == 1), [Byte.escape, byte], at: now)
    case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
      begin(.string(closing: false), [byte], at: now)
    case Byte.interrupt: keys.append(.control("c"))
    default: stepAlt(byte, acts: count == 1, at: now)
    }
  }

  /// Alt with a key, which does nothing, or one of the few sequences without an introducer.
  private mutating func stepAlt(_ byte: UInt8, acts: Bool, at now: Int64) {
    let sequence = [Byte.escape, byte]
    if let key = table.key(for: sequence) {
      if acts { keys.append(key) }
    } else if table.isPrefix(sequence) {
      begin(.sequence(acts: acts), sequence, at: now)
    } else if byte >= 0x80 {
      beginScalar(byte, acts: false, at: now)
    }
  }

  private mutating func stepString(_ byte: UInt8, closing: Bool, at now: Int64) {
    switch byte {
    case Byte.bell, Byte.cancel, Byte.substitute: phase = .ground
    case Byte.interrupt:
      phase = .ground
      keys.append(.control("c"))
    case Byte.escape: phase = .string(closing: true)
    case UInt8(ascii: "\\") where closing:
      phase = .ground
      // Only what answers XTVERSION says anything here.
      if buffer.starts(with: Self.nameStart) { name = TerminalName(answer: buffer.dropFirst(Self.nameStart.count)) }
    default:
      guard closing else {
        if buffer.count < Limit.sequenceBytes { buffer.append(byte) }
        return
      }
      // An Esc that does not end the string begins something new.
      begin(.escape(count: 1), [], at: now)
      step(byte, at: now)
    }
  }

  private static let nameStart = Array("P>|".utf8)

  mutating func begin(_ phase: Phase, _ bytes: [UInt8], at now: Int64) {
    self.phase = phase
    buffer = bytes
    since = now
    latest = now
  }

  private static func key(ascii byte: UInt8) -> Key {
    switch byte {
    case 0x09: .tab
    case 0x0A, 0x0D: .enter
    case 0x08, Byte.delete: .backspace
    case 0x01...0x1A: .control(Character(Unicode.Scalar(byte + 0x60)))
    case 0x00, 0x1C...0x1F: .control(Character(Unicode.Scalar(byte + 0x40)))
    default: .character(Character(Unicode.Scalar(byte)))
    }
  }
}

extension KeyDecoder {
  /// Begins a scalar of several bytes, or a sequence whose introducer is one C1 byte.
  private mutating func beginScalar(_ byte: UInt8, acts: Bool, at now: Int64) {
    if byte < 0xA0 {
      introduce(byte, at: now)
    } else if byte >= 0xC2, byte < 0xF5 {
      partial = [byte]
      partialActs = acts
    }
  }

  /// Adds a byte to the scalar that has begun; false if it does not belong to it, and the scalar is dropped.
  private mutating func continuePartial(_ byte: UInt8, at now: Int64) -> Bool {
    guard byte & 0xC0 == 0x80 else {
      partial = []
      return false
    }
    partial.append(byte)
    let length = partial[0] < 0xE0 ? 2 : partial[0] < 0xF0 ? 3 : 4
    guard partial.count == length else { return true }
    let text = String(validating: partial, as: UTF8.self)
    partial = []
    guard partialActs, let character = text?.first, let scalar = text?.unicodeScalars.first else { return true }
    if scalar.value < 0xA0 {
      introduce(UInt8(scalar.value), at: now)
    } else {
      keys.append(.character(character))
    }
    return true
  }

  /// Begins what a C1 control introduces, so that the rest of it does not act; others do nothing.
  private mutating func introduce(_ control: UInt8, at now: Int64) {
    switch control {
    case 0x9B: begin(.sequence(acts: true), [Byte.escape, UInt8(ascii: "[")], at: now)
    case 0x8F: begin(.sequence(acts: true), [Byte.escape, UInt8(ascii: "O")], at: now)
    case 0x90, 0x98, 0x9D, 0x9E, 0x9F: begin(.string(closing: false), [], at: now)
    default: break
    }
  }
}
