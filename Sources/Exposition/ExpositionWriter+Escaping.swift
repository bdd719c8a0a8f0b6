/// Bytes of texts and numbers.
extension ExpositionWriter {
  /// Writes a text: backslash and line feed are escaped, in a label the quotation mark too. Of a control character
  /// its picture is written, and for what is no UTF-8 the replacement character.
  static func escape(_ text: [UInt8], isLabel: Bool, to bytes: inout [UInt8]) {
    if text.allSatisfy({ isPlain($0) }) { return bytes.append(contentsOf: text) }
    let shown = String(decoding: text, as: UTF8.self).unicodeScalars.map { scrubbed($0) }.joined()
    for byte in shown.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): bytes.append(contentsOf: [byte, byte])
      case 0x0A: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
      case UInt8(ascii: "\"") where isLabel: bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
      default: bytes.append(byte)
      }
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "\"")
  }

  private static func scrubbed(_ scalar: Unicode.Scalar) -> String {
    guard scalar.properties.generalCategory == .control, scalar != "\n" else { return String(Character(scalar)) }
    // Pictures of them, so that two texts that differ by one do not look the same.
    let picture = scalar.value < 0x20 ? scalar.value + 0x2400 : scalar.value == 0x7F ? 0x2421 : 0xFFFD
    return String(Character(Unicode.Scalar(picture) ?? "\u{FFFD}"))
  }

  /// Writes a whole number.
  static func append(_ number: Int, to bytes: inout [UInt8]) {
    guard number != 0 else { return bytes.append(UInt8(ascii: "0")) }
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    let start = bytes.count
    var rest = number.magnitude
    while rest > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    }
    bytes[start...].reverse()
  }

  /// Writes milliseconds as seconds, with three decimal places.
  static func append(seconds milliseconds: Int64, to bytes: inout [UInt8]) {
    if milliseconds < 0 { bytes.append(UInt8(ascii: "-")) }
    let (whole, rest) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
    append(Int(whole), to: &bytes)
    bytes.append(UInt8(ascii: "."))
    for step in [UInt64(100), 10, 1] { bytes.append(UInt8(ascii: "0") + UInt8(rest / step % 10)) }
  }

  static func append(_ number: Double, to bytes: inout [UInt8]) {
    if let whole = Int(exactly: number), whole.magnitude < 1 << 53 { return append(whole, to: &bytes) }
    appendOdd(number.isFinite ? "\(number)" : nil, isNaN: number.isNaN, isNegative: number < 0, to: &bytes)
  }

  static func append(_ number: Float, to bytes: inout [UInt8]) {
    if let whole = Int(exactly: number), whole.magnitude < 1 << 53 { return append(whole, to: &bytes) }
    if appendShort(number, to: &bytes) { return }
    appendOdd(number.isFinite ? "\(number)" : nil, isNaN: number.isNaN, isNegative: number < 0, to: &bytes)
  }

  /// Writes a number with as few decimal places as tell it from others; false if it takes more than six.
  private static func appendShort(_ number: Float, to bytes: inout [UInt8]) -> Bool {
    guard number.magnitude < 1_000_000, number.magnitude > 0.001 else { return false }
    var scale = 1.0
    for _ in 1...6 {
      scale *= 10
      let scaled = (Double(number) * scale).rounded()
      guard Float(scaled / scale) == number else { continue }
      if scaled < 0 { bytes.append(UInt8(ascii: "-")) }
      let (whole, rest) = Int(scaled.magnitude).quotientAndRemainder(dividingBy: Int(scale))
      append(whole, to: &bytes)
      bytes.append(UInt8(ascii: "."))
      var (digits, step) = (rest, Int(scale) / 10)
      while step > 0 {
        bytes.append(UInt8(ascii: "0") + UInt8(digits / step))
        (digits, step) = (digits % step, step / 10)
      }
      return true
    }
    return false
  }

  private static func appendOdd(_ text: String?, isNaN: Bool, isNegative: Bool, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: (text ?? (isNaN ? "NaN" : isNegative ? "-Inf" : "+Inf")).utf8)
  }
}
