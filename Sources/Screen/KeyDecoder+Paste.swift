extension KeyDecoder {
  /// Takes one byte of a paste. Only its first byte can begin the end mark, so a mismatch starts over.
  mutating func stepPaste(_ byte: UInt8, matched: Int) {
    if byte == KeyDecoder.pasteEnd[matched] {
      phase = .paste(matched: matched + 1)
      if matched + 1 == KeyDecoder.pasteEnd.count { endPaste() }
      return
    }
    keepPasted(KeyDecoder.pasteEnd[..<matched])
    if byte == Byte.escape {
      phase = .paste(matched: 1)
    } else {
      phase = .paste(matched: 0)
      keepPasted([byte])
    }
  }

  /// Gives out the paste as it is; beyond the limit its end is cut off.
  mutating func endPaste() {
    phase = .ground
    keys.append(.paste(String(decoding: pasted, as: UTF8.self)))
    pasted = []
  }

  private mutating func keepPasted(_ bytes: some Collection<UInt8>) {
    if pasted.count + bytes.count <= Limit.pasteBytes { pasted += bytes }
  }

  private static let pasteEnd = Array("\u{1B}[201~".utf8)

  /// Makes one key of letters that came in one read: pasted into a terminal that does not mark pastes, or typed ahead of
  /// a slow link.
  ///
  /// One key held down comes at once too after a pause of the link: the same letter many times is itself.
  mutating func foldBursts(_ keys: [Key], at now: Int64) -> [Key] {
    var isContinued = burstUntil.map { now <= $0 } ?? false
    burstUntil = nil
    var folded: [Key] = []
    var run: [Key] = []
    for key in keys {
      if key.typed != nil {
        run.append(key)
      } else {
        folded += close(run, isContinued: isContinued, at: now)
        folded.append(key)
        run = []
        isContinued = false
      }
    }
    return folded + close(run, isContinued: isContinued, at: now)
  }

  private mutating func close(_ run: [Key], isContinued: Bool, at now: Int64) -> [Key] {
    let letters = run.count(where: \.isCharacter)
    let isMixed = letters > 0 && Set(run).count > 1
    guard !run.isEmpty, isMixed || isContinued else { return run }
    guard isContinued || letters >= Limit.burst else { return [.burst(run)] }
    burstUntil = now + Limit.burstPause
    return [.paste(String(run.compactMap(\.typed)))]
  }
}

extension Key {
  /// The letter that the key stands for in pasted text.
  fileprivate var typed: Character? {
    switch self {
    case .character(let character): character
    case .enter: "\n"
    case .tab: "\t"
    case .escape, .backTab, .backspace, .delete, .insert, .up, .down, .left, .right, .pageUp, .pageDown, .home, .end,
      .function, .control, .paste, .burst:
      nil
    }
  }

  fileprivate var isCharacter: Bool {
    if case .character = self { true } else { false }
  }
}
