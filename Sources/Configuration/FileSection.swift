import Automation
import FleetModel

/// A table of a configuration file, with its path: what it gives is of the right type, or an error that names the whole
/// key, its line, what was found and what was expected.
struct FileSection {
  private let document: TOMLDocument
  /// The table's node.
  private let index: Int
  private let file: String
  /// `actuators.scale`; empty for the file's top level.
  private let path: String

  /// The top level of a file.
  init(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
    self.init(try TOMLDocument(bytes, file: file), index: 0, file: file, path: "")
  }

  private init(_ document: TOMLDocument, index: Int, file: String, path: String) {
    self.document = document
    self.index = index
    self.file = file
    self.path = path
  }

  /// The line in which the section begins, from 1.
  var line: Int { document.nodes[index].line }

  /// The keys, in order.
  var keys: [String] { document.children(of: index).compactMap { document.nodes[$0].key } }

  func holds(_ key: String) -> Bool { document.child(key, of: index) != nil }

  private func value(_ key: String) -> TOMLDocument.Value? {
    document.child(key, of: index).map { document.nodes[$0].value }
  }

  /// The nodes of an array; nil if the key is missing.
  private func elements(_ key: String, expected: String) throws(ConfigurationError) -> [Int]? {
    guard let child = document.child(key, of: index) else { return nil }
    guard document.nodes[child].value == .array else { throw fault(key, expected: expected) }
    return document.children(of: child)
  }

  // MARK: Errors

  /// An error at a key of this section, or at the section itself.
  ///
  /// - Parameter element: which element of the key's list it is about.
  func fault(_ key: String? = nil, element: Int? = nil, _ problem: String) -> ConfigurationError {
    let name = element.map { "\(key ?? "")[\($0)]" } ?? key
    return ConfigurationError(file: file, key: pathOf(name), problem: problem, line: line(of: key, element: element))
  }

  /// An error that says what stands at a key in place of what should.
  func fault(_ key: String, expected: String) -> ConfigurationError {
    guard let value = value(key) else { return fault(key, "is missing; expected \(expected)") }
    return fault(key, "is \(words(value, at: key)); expected \(expected)")
  }

  /// The line of an element, else of its list's key, else of the section.
  private func line(of key: String?, element: Int?) -> Int {
    guard let child = key.flatMap({ document.child($0, of: index) }) else { return line }
    guard let element, case let elements = document.children(of: child), elements.indices.contains(element) else {
      return document.nodes[child].keyLine
    }
    return document.nodes[elements[element]].line
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
  private func words(_ value: TOMLDocument.Value, at key: String) -> String {
    let isHidden = mayBeSecret(key)
    return switch value {
    case .table: "a table"
    case .array: "an array"
    case .text(let text): isHidden ? "a text" : "the text \"\(text.prefix(40))\""
    case .integer(let number): isHidden ? "a number" : "the number \(number)"
    case .number(let number): isHidden ? "a number" : "the number \(number)"
    case .flag(let flag): "\(flag)"
    case .dateOrTime: "a date or time"
    }
  }

  /// Whether a secret may stand at a key: anywhere under `notify`, but at a channel's keys that are never one.
  private func mayBeSecret(_ key: String) -> Bool {
    if path.hasPrefix("notify.") {
      return !["kind", "deadline", "base_url", "api_url", "remind", "silences"].contains(key)
    }
    return path == "notify" || path.isEmpty && key == "notify"
  }

  // MARK: Values; nil if the key is missing

  func section(_ key: String, expected: String = "a table") throws(ConfigurationError) -> FileSection? {
    guard let child = document.child(key, of: index) else { return nil }
    guard document.nodes[child].value == .table else { throw fault(key, expected: expected) }
    return FileSection(document, index: child, file: file, path: pathOf(key) ?? key)
  }

  /// A list of tables, each with its number in its path; empty if the key is missing.
  func sections(_ key: String, expected: String = "a list of tables") throws(ConfigurationError) -> [FileSection] {
    var sections: [FileSection] = []
    for (place, element) in (try elements(key, expected: expected) ?? []).enumerated() {
      let value = document.nodes[element].value
      guard value == .table else {
        throw fault(key, element: place, "is \(words(value, at: key)); expected a table")
      }
      let name = "\(key)[\(place)]"
      sections.append(FileSection(document, index: element, file: file, path: pathOf(name) ?? name))
    }
    return sections
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws(ConfigurationError) -> Double? {
    guard let value = value(key) else { return nil }
    let number: Double? =
      switch value {
      case .integer(let number): Double(number)
      case .number(let number): number
      case .table, .array, .text, .flag, .dateOrTime: nil
      }
    guard let number, range.contains(number) else {
      throw fault(key, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A text, or a number or truth value in its words.
  func scalar(_ key: String) throws(ConfigurationError) -> String? {
    guard let value = value(key) else { return nil }
    switch value {
    case .text(let text): return text
    case .integer(let number): return "\(number)"
    case .number(let number): return "\(number)"
    case .flag(let flag): return "\(flag)"
    case .table, .array, .dateOrTime: throw fault(key, expected: "a text or a number")
    }
  }

  func flag(_ key: String) throws(ConfigurationError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard case .flag(let flag) = value else { throw fault(key, expected: "true or false") }
    return flag
  }

  func text(_ key: String, expected: String) throws(ConfigurationError) -> String? {
    guard let value = value(key) else { return nil }
    guard case .text(let text) = value else { throw fault(key, expected: expected) }
    return text
  }

  /// An array's texts.
  func texts(_ key: String, expected: String) throws(ConfigurationError) -> [String]? {
    guard let elements = try elements(key, expected: expected) else { return nil }
    var texts: [String] = []
    for (place, element) in elements.enumerated() {
      let value = document.nodes[element].value
      guard case .text(let text) = value else {
        throw fault(key, element: place, "is \(words(value, at: key)); expected a text")
      }
      texts.append(text)
    }
    return texts
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
    guard let value = value(key) else { return nil }
    guard case .integer(let number) = value, range.contains(number) else {
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
    guard let value = value(key) else { return nil }
    let count: Int? =
      switch value {
      case .integer(let count): count
      case .text(let text): Self.byteCount(text)
      case .table, .array, .number, .flag, .dateOrTime: nil
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
