/// What a terminal calls itself when it is asked (XTVERSION): `DCS > | name ( version ) ST`, or a blank between them.
package struct TerminalName: Equatable, Sendable {
  package var program: String
  /// The numbers of its version, none if it has none: `3.4` is 3 and 4.
  package var version: [Int]

  package init(program: String, version: [Int]) {
    self.program = program
    self.version = version
  }

  /// - Parameter answer: what stands between `>|` and the end. What is no plain name of letters is none.
  init?(answer: some Collection<UInt8>) {
    let text = String(decoding: answer, as: UTF8.self)
    program = String(text.prefix { $0 != "(" && $0 != " " })
    guard !program.isEmpty, program.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else { return nil }
    version = text.dropFirst(program.count + 1).prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      .split(separator: ".").compactMap { Int($0) }
  }
}
