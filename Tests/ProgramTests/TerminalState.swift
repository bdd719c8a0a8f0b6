/// What a terminal's switches are after some bytes.
struct TerminalState {
  /// Private mode → whether it was switched on or off last.
  private(set) var modes: [Int: Bool] = [:]
  /// Whether letters are plain: no colour, no attribute.
  private(set) var isPlain = true

  /// The parameters of each sequence that set attributes, in their order.
  private(set) var attributes: [String] = []

  init(after bytes: [UInt8]) {
    var rest = bytes[...]
    while let start = rest.firstRange(of: [0x1B, UInt8(ascii: "[")]) {
      let parameters = rest[start.upperBound...].prefix { $0 < 0x40 }
      rest = rest[parameters.endIndex...]
      guard let final = rest.first else { return }
      apply(String(decoding: parameters, as: UTF8.self), final)
    }
  }

  private mutating func apply(_ parameters: String, _ final: UInt8) {
    switch final {
    case UInt8(ascii: "h"), UInt8(ascii: "l"):
      guard parameters.first == "?" else { return }
      for mode in parameters.dropFirst().split(separator: ";") {
        if let number = Int(mode) { modes[number] = final == UInt8(ascii: "h") }
      }
    case UInt8(ascii: "m"):
      attributes.append(parameters)
      if parameters == "" || parameters == "0" {
        isPlain = true
      } else if parameters != "39;49" {
        isPlain = false
      }
    default: return
    }
  }

  /// Alternate screen, bracketed paste and synchronized output off, the cursor visible, letters plain.
  var isAsFound: Bool {
    [1049, 2004, 2026].allSatisfy { modes[$0] != true } && modes[25] != false && isPlain
  }
}
