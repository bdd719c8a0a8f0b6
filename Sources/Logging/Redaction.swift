/// Takes secrets out of texts, however they are escaped there: as in JSON or a URL, on a page, or in Base64.
///
/// What comes back from outside passes through it before it is cut or told: a part of a secret would not be found.
package struct Redaction {
  /// Secrets, what is left of them without blanks at their ends, and their longer lines.
  private let secrets: [[UInt8]]
  /// What of them stands in Base64, by each of the three places in which they may begin there.
  private let encoded: [[UInt8]]
  /// Indices of both, the encoded ones behind the others, by their first byte.
  private let byFirstByte: [[Int]]

  /// What is shorter occurs by itself, and would only show that it is one.
  private static let shortest = 4
  /// A line of a secret that is shorter may be a line of anything.
  private static let shortestLine = 16
  /// Escapes within escapes are looked through this deep, and in so many readings of one text.
  private static let deepest = 3
  private static let mostReadings = 24
  /// In a longer text, which is none that comes back from outside, secrets are found as they stand.
  private static let mostDecoded = 16 * 1024
  private static let mark = Array("***".utf8)

  package init(_ secrets: [String]) {
    var texts: Set<[UInt8]> = []
    for secret in secrets {
      texts.insert(Array(secret.utf8))
      texts.insert(Self.trimmed(Array(secret.utf8)[...]))
      let lines = secret.utf8.split { $0 == 0x0A || $0 == 0x0D }.map { Self.trimmed(Array($0)[...]) }
      if lines.count > 1 { texts.formUnion(lines.filter { $0.count >= Self.shortestLine }) }
    }
    self.secrets = texts.filter { $0.count >= Self.shortest }.sorted { $0.count > $1.count }
    encoded = self.secrets.flatMap { Base64.insides(of: $0) }
    var byFirstByte = [[Int]](repeating: [], count: 256)
    for (index, pattern) in (self.secrets + encoded).enumerated() { byFirstByte[Int(pattern[0])].append(index) }
    self.byFirstByte = byFirstByte
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
    guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
    else { return [] }
    return Array(bytes[first...last])
  }

  /// The text with `***` in place of each secret: byte by byte, since a combining mark behind a secret makes another
  /// character of its last one.
  package func apply(to text: String) -> String {
    guard !secrets.isEmpty else { return text }
    let bytes = Array(text.utf8)
    let redacted = apply(to: bytes)
    return redacted == bytes ? text : String(decoding: redacted, as: UTF8.self)
  }

  /// The same of bytes.
  ///
  /// - Parameters:
  ///   - isCutAtStart, isCutAtEnd: whether there was more of them: then a part of a secret may stand there.
  package func apply(to bytes: [UInt8], isCutAtStart: Bool = false, isCutAtEnd: Bool = false) -> [UInt8] {
    guard !secrets.isEmpty, !bytes.isEmpty else { return bytes }
    var hidden: [Range<Int>] = []
    for reading in Self.readings(of: bytes) {
      hidden += found(in: reading)
      if isCutAtStart, let end = endOfSecret(in: reading) { hidden.append(0..<end) }
      if isCutAtEnd, let start = startOfSecret(in: reading) { hidden.append(start..<bytes.count) }
    }
    return Self.marked(bytes, hidden)
  }

  // MARK: Finding

  /// The bytes as they stand, and as they read once they are decoded, in one way after the other.
  private static func readings(of bytes: [UInt8]) -> [EscapedText] {
    var all = [EscapedText(bytes)]
    guard bytes.count <= mostDecoded else { return all }
    var latest = all
    for _ in 0..<deepest {
      latest = latest.flatMap { reading in EscapedText.decoders.compactMap { $0(reading) } }
      let known = Set(all.map(\.bytes))
      latest.removeAll { known.contains($0.bytes) }
      all += latest
      guard all.count < mostReadings else { return Array(all.prefix(mostReadings)) }
    }
    return all
  }

  private func found(in reading: EscapedText) -> [Range<Int>] {
    let bytes = reading.bytes
    var found: [Range<Int>] = []
    for at in bytes.indices {
      for index in byFirstByte[Int(bytes[at])] {
        let isEncoded = index >= secrets.count
        let pattern = isEncoded ? encoded[index - secrets.count] : secrets[index]
        guard bytes[at...].starts(with: pattern) else { continue }
        let range = at..<at + pattern.count
        found.append(reading.origin(of: isEncoded ? Base64.run(around: range, in: bytes) : range))
      }
    }
    return found
  }

  /// Where the end of a secret ends that the bytes begin with; nil if they begin with none.
  private func endOfSecret(in reading: EscapedText) -> Int? {
    let lengths = secrets.compactMap { secret in
      (1..<secret.count).last { reading.bytes.starts(with: secret.suffix($0)) }
    }
    return lengths.max().map { reading.origin(of: 0..<$0).upperBound }
  }

  /// Where the beginning of a secret begins that the bytes end with.
  private func startOfSecret(in reading: EscapedText) -> Int? {
    let count = reading.bytes.count
    let lengths = secrets.compactMap { secret in
      (1..<secret.count).last { $0 <= count && reading.bytes[(count - $0)...].elementsEqual(secret.prefix($0)) }
    }
    return lengths.max().map { reading.origin(of: (count - $0)..<count).lowerBound }
  }

  private static func marked(_ bytes: [UInt8], _ hidden: [Range<Int>]) -> [UInt8] {
    var result: [UInt8] = []
    var at = 0
    for range in hidden.sorted(by: { $0.lowerBound < $1.lowerBound }) where range.upperBound > at {
      // What overlaps or adjoins is one.
      if range.lowerBound > at || at == 0 {
        result += bytes[at..<max(at, range.lowerBound)]
        result += mark
      }
      at = range.upperBound
    }
    return result + bytes[at...]
  }
}
