import Automation
import FleetModel
internal import TOMLKit

/// A table of a configuration file, with its path: what it gives is of the right type, or an error that names the whole
/// key, what was found and what was expected.
struct FileSection {
  private let table: TOMLTable
  private let file: String
  /// `actuators.scale`; empty for the file's top level.
  private let path: String
  private let lines: TOMLLines

  /// The top level of a file.
  init(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(file: file, key: nil, problem: "is not UTF-8")
    }
    // The parser takes a C string, and would not see what comes after it.
    guard !bytes.contains(0) else { throw ConfigurationError(file: file, key: nil, problem: "holds a zero byte") }
    do {
      self.init(try TOMLTable(string: text), file: file, path: "", lines: TOMLLines(text))
    } catch {
      throw ConfigurationError(file: file, key: nil, problem: "not TOML: \(error)")
    }
  }

  private init(_ table: TOMLTable, file: String, path: String, lines: TOMLLines) {
    self.table = table
    self.file = file
    self.path = path
    self.lines = lines
  }

  /// The line in which the section begins, from 1; 0 where it is not known.
  var line: Int { lines.line(of: path) ?? 0 }

  /// The keys, in order.
  var keys: [String] { table.keys }

  func holds(_ key: String) -> Bool { table[key] != nil }

  // MARK: Errors

  /// An error at a key of this section, or at the section itself.
  func fault(_ key: String? = nil, _ problem: String) -> ConfigurationError {
    let path = pathOf(key)
    return ConfigurationError(file: file, key: path, problem: problem, line: path.flatMap { lines.line(of: $0) })
  }

  /// An error that says what stands at a key in place of what should.
  func fault(_ key: String, expected: String) -> ConfigurationError {
    guard let value = table[key] else { return fault(key, "is missing; expected \(expected)") }
    return fault(key, "is \(words(value, at: key)); expected \(expected)")
  }

  /// Refuses keys that are not known.
  ///
  /// - Parameter subject: what has the known ones, `an actuator of kind "http"`.
  func allow(_ known: [String], in subject: String) throws(ConfigurationError) {
    guard let key = keys.first(where: { !known.contains($0) }) else { return }
    throw fault(key, "unknown key; \(subject) has \(known.joined(separator: ", "))")
  }

  private func pathOf(_ key: String?) -> String? {
    let parts = [path, key ?? ""].filter { !$0.isEmpty }
    return parts.isEmpty ? nil : parts.joined(separator: ".")
  }

  /// A value in a few words; a text's beginning, but where a secret may have been written by mistake.
  private func words(_ value: any TOMLValueConvertible, at key: String) -> String {
    let isHidden = mayBeSecret(key)
    return switch value.type {
    case .table: "a table"
    case .array: "an array"
    case .string: isHidden ? "a text" : "the text \"\((value.string ?? "").prefix(40))\""
    case .int: isHidden ? "a number" : "the number \(value.int ?? 0)"
    case .double: isHidden ? "a number" : "the number \(value.double ?? 0)"
    case .bool: "\(value.bool ?? false)"
    case .date, .time, .dateTime: "a date or time"
    }
  }

  /// Whether a secret may stand at a key: anywhere under `notify`, but at a channel's keys that are never one.
  private func mayBeSecret(_ key: String) -> Bool {
    if path.hasPrefix("notify.") { return !["kind", "deadline", "base_url"].contains(key) }
    return path == "notify" || path.isEmpty && key == "notify"
  }

  // MARK: Values; nil where the key is missing

  func section(_ key: String, expected: String = "a table") throws(ConfigurationError) -> FileSection? {
    guard holds(key) else { return nil }
    guard let table = table[key]?.table else { throw fault(key, expected: expected) }
    return FileSection(table, file: file, path: pathOf(key) ?? key, lines: lines)
  }

  /// A list of tables, each with its number in its path; empty where the key is missing.
  func sections(_ key: String, expected: String = "a list of tables") throws(ConfigurationError) -> [FileSection] {
    guard let value = table[key] else { return [] }
    guard let array = value.array else { throw fault(key, expected: expected) }
    var sections: [FileSection] = []
    for (place, element) in array.enumerated() {
      let name = "\(key)[\(place)]"
      guard let table = element.table else { throw fault(name, "is \(words(element, at: key)); expected a table") }
      sections.append(FileSection(table, file: file, path: pathOf(name) ?? name, lines: lines))
    }
    return sections
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws(ConfigurationError) -> Double? {
    guard let value = table[key] else { return nil }
    let number = value.type == .int ? value.int.map(Double.init) : value.double
    guard let number, range.contains(number) else {
      throw fault(key, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A text, or a number or truth value in its words.
  func scalar(_ key: String) throws(ConfigurationError) -> String? {
    guard let value = table[key] else { return nil }
    switch value.type {
    case .string: return value.string
    case .int: return value.int.map { "\($0)" }
    case .double: return value.double.map { "\($0)" }
    case .bool: return value.bool.map { "\($0)" }
    case .table, .array, .date, .time, .dateTime: throw fault(key, expected: "a text or a number")
    }
  }

  func flag(_ key: String) throws(ConfigurationError) -> Bool? {
    guard let value = table[key] else { return nil }
    guard value.type == .bool, let flag = value.bool else { throw fault(key, expected: "true or false") }
    return flag
  }

  func text(_ key: String, expected: String) throws(ConfigurationError) -> String? {
    guard let value = table[key] else { return nil }
    guard value.type == .string, let text = value.string else { throw fault(key, expected: expected) }
    return text
  }

  /// An array's texts.
  func texts(_ key: String, expected: String) throws(ConfigurationError) -> [String]? {
    guard let value = table[key] else { return nil }
    guard let array = value.array else { throw fault(key, expected: expected) }
    var texts: [String] = []
    for (place, element) in array.enumerated() {
      guard element.type == .string, let text = element.string else {
        throw fault("\(key)[\(place)]", "is \(words(element, at: key)); expected a text")
      }
      texts.append(text)
    }
    return texts
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
    guard let value = table[key] else { return nil }
    guard value.type == .int, let number = value.int, range.contains(number) else {
      throw fault(key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// - Parameter longest: beyond it a span is a slip of the hand; ten years leave room to reckon with.
  func span(_ key: String, atMost longest: TimeSpan = .days(3650)) throws(ConfigurationError) -> TimeSpan? {
    let expected = "a span of up to \(longest) such as \"10s\", with s, m, h or d"
    guard let text = try text(key, expected: expected) else { return nil }
    guard let span = TimeSpan(text), span <= longest else { throw fault(key, expected: expected) }
    return span
  }

  /// A number of bytes, or a text such as `512MB`.
  func byteCount(_ key: String) throws(ConfigurationError) -> Int? {
    guard let value = table[key] else { return nil }
    let count: Int? =
      switch value.type {
      case .int: value.int
      case .string: Self.byteCount(value.string ?? "")
      default: nil
      }
    guard let count, count > 0 else {
      throw fault(key, expected: "a number of bytes above 0, or a text such as \"512MB\", with KB, MB or GB")
    }
    return count
  }

  private static func byteCount(_ text: String) -> Int? {
    for (unit, size) in [("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30)] where text.hasSuffix(unit) {
      let digits = text.dropLast(2)
      guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int(digits) else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      return overflow ? nil : product
    }
    return nil
  }

  /// One of an enum's words.
  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) throws(ConfigurationError) -> Choice?
  where Choice.RawValue == String {
    let expected = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    guard let text = try text(key, expected: "one of \(expected)") else { return nil }
    guard let choice = Choice(rawValue: text) else { throw fault(key, expected: "one of \(expected)") }
    return choice
  }
}
