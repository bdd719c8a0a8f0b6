import Testing

@testable import Configuration

/// Each rule of TOML 1.0's grammar (toml.abnf of the specification), broken, and beside it what just obeys it.
struct BrokenRule: Sendable, CustomTestStringConvertible {
  /// The rule's name, or what of the specification's text is broken.
  var rule: String
  var broken: String
  /// The line of the error.
  var line: Int
  /// A neighbour that is right.
  var right: String

  init(_ rule: String, _ broken: String, line: Int = 1, right: String) {
    self.rule = rule
    self.broken = broken
    self.line = line
    self.right = right
  }

  var testDescription: String { "\(rule): \(broken.debugDescription)" }
}

@Suite struct TOMLGrammarTests {
  /// The line of the error, 0 if it has none; nil if the text is taken.
  private func errorLine(_ text: String) -> Int? {
    do throws(ConfigurationError) {
      _ = try TOMLDocument(Array(text.utf8), file: "f.toml")
      return nil
    } catch {
      return error.line ?? 0
    }
  }

  @Test(arguments: BrokenRule.all) func brokenRuleIsAnErrorInItsLine(_ entry: BrokenRule) throws {
    #expect(errorLine(entry.broken) == entry.line)
    // The same two lines further down.
    #expect(errorLine("before = 1\n# é\n" + entry.broken) == entry.line + 2)
    #expect(errorLine(entry.right) == nil)
  }

  @Test func slipsInHeadersAreErrors() {
    for slip in [
      "[[[rules]]", "[=]", "[,]", "[(a)]", "[[.rules]]", "[[:rules]]", "[[", "[", "[]", "[[]]", "[a.]", "[.]",
    ] {
      #expect(errorLine("a = 1\n\(slip)") == 2, "\(slip)")
      #expect(errorLine("a = 1\n\(slip)\nb = 1\n") == 2, "\(slip)")
    }
  }

  @Test func invalidUTF8AndZeroBytesAreErrorsInTheirLine() {
    let broken: [[UInt8]] = [
      [0xFF], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0],
    ]
    for bytes in broken {
      for around in ["a = 1\nb = \"@\"\n", "a = 1\n# @\n", "a = 1\n@ = 1\n", "a = 1\nb = @", "a = 1\nb = '''@'''"] {
        let text = around.utf8.flatMap { $0 == UInt8(ascii: "@") ? bytes : [$0] }
        #expect { try TOMLDocument(text, file: "f.toml") } throws: { ($0 as? ConfigurationError)?.line == 2 }
      }
    }
  }

  @Test func nestingIsBounded() {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(errorLine("a = \(nested(32))") == nil)
    #expect(errorLine("\na = \(nested(33))") == 2)
    #expect(errorLine("\na = " + String(repeating: "[", count: 500_000)) == 2)
    #expect(errorLine("\na = " + String(repeating: "{a=", count: 300_000)) == 2)
    func key(_ parts: Int) -> String { Array(repeating: "a", count: parts).joined(separator: ".") }
    for around in ["@ = 1", "[@]", "[[@]]", "b = { @ = 1 }"] {
      let lines = around.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
      #expect(errorLine("\n" + lines.joined(separator: key(16))) == nil, "\(around)")
      #expect(errorLine("\n" + lines.joined(separator: key(17))) == 2, "\(around)")
      #expect(errorLine("\n" + lines.joined(separator: key(400_000))) == 2, "\(around)")
    }
    // Only the points of keys count.
    let points = String(repeating: ".", count: 100)
    let texts =
      "a = \"\(points)\\\"\(points)\" # \(points)\nb = '\(points)'\nc = \"\"\"\n\(points)\"\"\(points)\"\"\"\"\"\n"
    #expect(
      errorLine(texts + "d = '''\n\(points)'\(points)''''\n\"\(points)\" = [\n1.0, 2.0]\nz." + key(15) + " = 3")
        == nil)
  }

  @Test func deepestDocumentIsTaken() throws {
    let key = Array(repeating: "a", count: 16).joined(separator: ".")
    let deep = String(repeating: "{\(key)=", count: 31) + "1" + String(repeating: "}", count: 31)
    let document = try TOMLDocument(Array("[\(key)]\n\(key) = \(deep)".utf8), file: "f.toml")
    #expect(document.nodes.count == 1 + 33 * 16)
  }

  @Test func fileThatIsTooLongIsAnError() {
    let line = "# " + String(repeating: "x", count: 61) + "\n"
    let most = String(repeating: line, count: ConfigurationError.mostBytes / line.utf8.count)
    #expect(errorLine(most) == nil)
    #expect(throws: ConfigurationError(file: "f.toml", key: nil, problem: "is longer than 1 MB")) {
      try TOMLDocument(Array(most.utf8) + [UInt8(ascii: "\n")], file: "f.toml")
    }
  }

  @Test func nodesKnowTheirLines() throws {
    let text = "[t]\na = [\n  1,\n  'x',\n]\n[[l]]\n'k y' = { b = true }\n[u.v]\nw.x = 1979-05-27\n"
    let document = try TOMLDocument(Array(text.utf8), file: "f.toml")
    func line(_ path: String...) -> Int? {
      var index = 0
      for part in path {
        let next = Int(part).map { document.children(of: index)[$0] } ?? document.child(part, of: index)
        guard let next else { return nil }
        index = next
      }
      return document.nodes[index].line
    }
    #expect(line("t") == 1 && line("t", "a") == 2 && line("t", "a", "0") == 3 && line("t", "a", "1") == 4)
    #expect(line("l", "0") == 6 && line("l", "0", "k y") == 7 && line("l", "0", "k y", "b") == 7)
    #expect(line("u", "v") == 8 && line("u", "v", "w", "x") == 9)
    #expect(document.nodes.compactMap { $0.key == nil ? nil : $0.keyLine } == [6, 7, 7, 1, 2, 8, 8, 9, 9])
  }

  @Test func numberWithoutQuotesIsNotRepeated() {
    for secret in ["99999999999999999999", "0xffffffffffffffffff", "1.5e99999"] {
      #expect { try TOMLDocument(Array("key = \(secret)".utf8), file: "f.toml") } throws: {
        !"\($0)".contains(secret.suffix(9)) && "\($0)".hasPrefix("f.toml:1: not TOML: column ")
      }
    }
  }
}
