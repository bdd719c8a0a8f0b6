internal import CTOML

/// A parsed TOML file: its nodes in one list, each table and array before what it holds, so that nothing recurses.
struct TOMLDocument: Sendable {
  enum Value: Sendable, Equatable {
    case table, array, dateOrTime
    case text(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
  }

  struct Node: Sendable {
    var value: Value
    /// From 1.
    var line: Int
    /// In a table: the node's name, and the line it stands in.
    var key: String?
    var keyLine: Int
    /// The index after all that the node holds.
    var end: Int
  }

  /// The top level's table first.
  let nodes: [Node]

  /// - Parameter file: its name, for errors.
  init(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
    guard bytes.count <= ConfigurationError.mostBytes else {
      throw ConfigurationError(file: file, key: nil, problem: "is longer than 1 MB")
    }
    if let line = Self.lineOfBrokenText(bytes) {
      throw ConfigurationError(file: file, key: nil, problem: "is not UTF-8", line: line)
    }
    var fault = vigia_toml_fault()
    let document = bytes.withUnsafeBytes {
      vigia_toml_parse($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, &fault)
    }
    guard let document else {
      throw ConfigurationError(
        file: file, key: nil, problem: "not TOML: column \(fault.place.column): \(Self.words(of: &fault))",
        line: Int(fault.place.line))
    }
    defer { vigia_toml_free(document) }
    var count = 0
    let nodes = vigia_toml_nodes(document, &count)
    self.nodes = UnsafeBufferPointer(start: nodes, count: count).map { Node($0) }
  }

  /// What a table or an array holds.
  func children(of index: Int) -> [Int] {
    var children: [Int] = []
    var child = index + 1
    while child < nodes[index].end {
      children.append(child)
      child = nodes[child].end
    }
    return children
  }

  /// What a table holds under a key.
  func child(_ key: String, of index: Int) -> Int? {
    var child = index + 1
    while child < nodes[index].end {
      if nodes[child].key == key { return child }
      child = nodes[child].end
    }
    return nil
  }

  /// The line of the first byte that is no UTF-8; nil if all is.
  private static func lineOfBrokenText(_ bytes: [UInt8]) -> Int? {
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }.map { $0 + 1 }
  }

  /// The parser's words, without those that mean nothing to who wrote the file, and without a number that it repeats: it
  /// may be a secret that lacks its quotes.
  private static func words(of fault: inout vigia_toml_fault) -> String {
    var text = withUnsafeBytes(of: &fault.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    for (start, end) in [("Error while parsing ", ""), ("", " (TOML_MAX_NESTED_VALUES)")]
    where text.hasPrefix(start) && text.hasSuffix(end) {
      text = String(text.dropFirst(start.count).dropLast(end.count))
    }
    for end in ["is not representable in 64 bits", "could not be interpreted as a value"] where text.hasSuffix(end) {
      text = "\(text.prefix { $0 != ":" }): the number \(end)"
    }
    return text
  }
}

extension TOMLDocument.Node {
  fileprivate init(_ node: vigia_toml_node) {
    value = TOMLDocument.Value(node)
    line = Int(node.place.line)
    key = node.key.bytes == nil ? nil : String(node.key)
    keyLine = Int(node.key_place.line)
    end = node.end
  }
}

extension TOMLDocument.Value {
  fileprivate init(_ node: vigia_toml_node) {
    switch node.type {
    case VIGIA_TOML_TABLE: self = .table
    case VIGIA_TOML_ARRAY: self = .array
    case VIGIA_TOML_TEXT: self = .text(String(node.text))
    case VIGIA_TOML_INTEGER: self = .integer(Int(node.integer))
    case VIGIA_TOML_NUMBER: self = .number(node.number)
    case VIGIA_TOML_FLAG: self = .flag(node.flag)
    default: self = .dateOrTime
    }
  }
}

extension String {
  fileprivate init(_ text: vigia_toml_text) {
    self = String(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.count), as: UTF8.self)
  }
}
