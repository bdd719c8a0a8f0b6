import Wire

/// A JSON Schema (draft 7), as far as the published schemas of services use it.
package struct JSONSchema {
  private let root: JSONValue

  /// A schema that this does not understand in full would let through what it forbids.
  package struct Unsupported: Error { package var words: String }

  private static let folder = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast()
    .joined(separator: "/")

  /// Words that say nothing of what is allowed.
  private static let silent: Set<String> = [
    "$schema", "$id", "definitions", "description", "title", "default", "examples", "format", "deprecated",
  ]
  private static let known: Set<String> = [
    "$ref", "type", "enum", "const", "required", "properties", "additionalProperties", "items", "anyOf", "oneOf",
    "allOf",
    "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems",
  ]

  /// Reads a schema of the folder `Schemas`.
  ///
  /// - Throws: also if it has a word that is not checked here.
  package init(named name: String) throws {
    let text = TemporaryFolder.text(of: "\(Self.folder)/Schemas/\(name).schema.json")
    root = try Array(text.utf8).withUnsafeBytes { try JSONValue.parse($0) }
    try Self.check(root)
  }

  private static func check(_ schema: JSONValue) throws {
    guard let object = schema.object else { return }
    for member in object.members {
      let word = String(decoding: member.key, as: UTF8.self)
      guard known.contains(word) || silent.contains(word) || word.hasPrefix("x-") else {
        throw Unsupported(words: word)
      }
      switch word {
      case "properties", "definitions":
        for inner in member.value.object?.members ?? [] { try check(inner.value) }
      case "anyOf", "oneOf", "allOf": for inner in member.value.list ?? [] { try check(inner) }
      case "items", "additionalProperties": try check(member.value)
      default: break
      }
    }
  }

  /// What a document breaks, each with its place; empty if it is as it must be.
  package func faults(of value: JSONValue) -> [String] { faults(value, root, at: "$") }

  private func faults(_ value: JSONValue, _ schema: JSONValue, at place: String) -> [String] {
    if schema.bool == false { return ["\(place): nothing may stand there"] }
    guard let object = schema.object else { return [] }
    return object.members.flatMap { member in
      faults(value, word: String(decoding: member.key, as: UTF8.self), member.value, of: schema, at: place)
    }
  }

  private func faults(
    _ value: JSONValue, word: String, _ rule: JSONValue, of schema: JSONValue, at place: String
  ) -> [String] {
    func demand(_ isMet: Bool, _ words: String) -> [String] { isMet ? [] : ["\(place): \(words)"] }
    func count(_ schemas: JSONValue) -> Int { (schemas.list ?? []).count { faults(value, $0, at: place).isEmpty } }
    switch word {
    case "$ref": return faults(value, target(rule.text ?? ""), at: place)
    case "type":
      let types = rule.list?.compactMap(\.text) ?? [rule.text ?? ""]
      return demand(types.contains { value.isOf(type: $0) }, "no \(types.joined(separator: ", "))")
    case "enum": return demand(rule.list?.contains(value) == true, "none of those that are allowed")
    case "const": return demand(rule == value, "another value than the only one")
    case "anyOf": return demand(count(rule) > 0, "fits none of several")
    case "oneOf": return demand(count(rule) == 1, "fits \(count(rule)) of several, and not one")
    case "allOf": return (rule.list ?? []).flatMap { faults(value, $0, at: place) }
    case "required":
      let keys = rule.list?.compactMap(\.text) ?? []
      return keys.filter { value.object != nil && value[$0] == nil }.map { "\(place): lacks \($0)" }
    case "properties", "additionalProperties": return members(of: value, word, rule, of: schema, at: place)
    case "items":
      return (value.list ?? []).enumerated().flatMap { faults($1, rule, at: "\(place)[\($0)]") }
    default: return bounds(of: value, word, rule).map { "\(place): \($0)" }
    }
  }

  private func members(
    of value: JSONValue, _ word: String, _ rule: JSONValue, of schema: JSONValue, at place: String
  ) -> [String] {
    let named = schema["properties"]?.object
    return (value.object?.members ?? []).flatMap { member -> [String] in
      let key = String(decoding: member.key, as: UTF8.self)
      let own = named?[member.key]
      if word == "properties" { return own.map { faults(member.value, $0, at: "\(place).\(key)") } ?? [] }
      return own == nil ? faults(member.value, rule, at: "\(place).\(key)") : []
    }
  }

  private func bounds(of value: JSONValue, _ word: String, _ rule: JSONValue) -> [String] {
    let limit = rule.double ?? 0
    // Lengths are of characters.
    let length = value.text.map { Double($0.unicodeScalars.count) }
    let items = value.list.map { Double($0.count) }
    let isMet: Bool? =
      switch word {
      case "minLength": length.map { $0 >= limit }
      case "maxLength": length.map { $0 <= limit }
      case "minItems": items.map { $0 >= limit }
      case "maxItems": items.map { $0 <= limit }
      case "minimum": value.double.map { $0 >= limit }
      case "maximum": value.double.map { $0 <= limit }
      case "exclusiveMinimum": value.double.map { $0 > limit }
      case "exclusiveMaximum": value.double.map { $0 < limit }
      default: nil
      }
    return isMet == false ? ["breaks \(word) \(limit)"] : []
  }

  private func target(_ reference: String) -> JSONValue {
    reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? .bool(false) }
  }
}

extension JSONValue {
  fileprivate func isOf(type: String) -> Bool {
    switch (type, self) {
    case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array), ("object", .object),
      ("integer", .integer), ("number", .integer), ("number", .number):
      true
    default: false
    }
  }
}
