import TestThreads
import Testing

@testable import vigia

/// What README and the documents beside the code promise.
@Suite(.threaded) struct DocumentTests {
  private static let documents =
    ["README.md", ".github/CONTRIBUTING.md", "Sources/ARCHITECTURE.md", "Sources/Wire/WIRE.md"]
    + ManualChapter.all.map { "Sources/vigia/Manual/\($0.topic).md" }

  /// A path without `.` and `..`.
  private static func resolved(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == "..", !parts.isEmpty { parts.removeLast() } else { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }

  /// The files that a document links.
  private static func links(of document: String) throws -> [String] {
    let folder = document.split(separator: "/").dropLast().joined(separator: "/")
    return try Repository.text(of: document).components(after: "](").compactMap { rest in
      let target = rest.prefix { $0 != ")" && $0 != "#" }
      return target.isEmpty || target.contains("://") ? nil : resolved("\(folder)/\(target)")
    }
  }

  @Test(arguments: documents) func linksPointToFilesThatExist(_ document: String) throws {
    for link in try Self.links(of: document) { #expect(Repository.exists(link), "\(link)") }
  }

  /// A file that is renamed takes its place in the documents along.
  @Test(arguments: documents) func filesThatAreNamedExist(_ document: String) throws {
    let isOfPath: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber || "/+-_.".contains($0)) }
    for word in try Repository.text(of: document).split(whereSeparator: { !isOfPath($0) }) {
      guard ["Sources/", "Tests/", "Themes/", ".ci/"].contains(where: { word.hasPrefix($0) }) else { continue }
      let path = word.hasSuffix(".") ? word.dropLast() : word
      #expect(Repository.exists(String(path)), "\(path)")
    }
  }

  /// `Redis → FleetModel, Wire`, or `Loop ∅`, of the drawing of modules.
  private static func arrows() throws -> [(module: String, imports: Set<String>)] {
    let text = try Repository.text(of: "Sources/ARCHITECTURE.md")
    let drawing = try #require(text.components(after: "## Modules").first?.components(after: "```text\n").first)
    return drawing.split(separator: "```")[0].split { $0 == "\n" || $0 == "·" }.compactMap { entry in
      let words = entry.split { " ,".contains($0) }.map(String.init)
      guard let sign = words.firstIndex(where: { $0 == "→" || $0 == "∅" }), words[sign - 1].first?.isUppercase == true
      else { return nil }
      return (words[sign - 1], Set(words[(sign + 1)...]))
    }
  }

  @Test func arrowsBetweenModulesAreThoseOfThePackage() throws {
    let package = try Repository.text(of: "Package.swift")
    let arrows = try Self.arrows()
    #expect(arrows.count >= 11)
    for (module, imports) in arrows {
      let target = try #require(package.components(after: "name: \"\(module)\"").first).split(separator: "name: ")[0]
      let list = target.components(after: "dependencies: [").first?.prefix { $0 != "]" } ?? ""
      // A product of another package is no module of ours.
      let modules = list.split { "\", \n".contains($0) }.map(String.init).filter { !$0.hasPrefix(".product(") }
      #expect(Set(modules) == imports, "\(module)")
    }
  }

  @Test func readmeLinksEveryChapterAndDocument() throws {
    let links = Set(try Self.links(of: "README.md"))
    for document in Self.documents.dropFirst() { #expect(links.contains(document), "\(document)") }
  }

  @Test func readmeStaysShort() throws {
    let text = try Repository.text(of: "README.md")
    let rest = try #require(text.components(after: "swift test --disable-xctest --skip-build\n```\n").first)
    #expect(rest.split(whereSeparator: \.isWhitespace).count <= 900)
  }

  /// Both of README's commands install what they say, and the second what the tests run with.
  @Test func readmeInstallsWhatTheTestsRunWith() throws {
    let installs = try ["README.md", ".ci/run"].flatMap { file in
      try Repository.text(of: file).components(after: "apt-get install -y ").map { rest in
        rest.prefix { !"&>\n".contains($0) }.split(separator: " ").filter { !$0.hasPrefix("-") }
      }
    }
    #expect(installs.count == 3)
    // What is measured besides may need more.
    #expect(installs[2].starts(with: installs[1]))
    #expect(installs[1].starts(with: installs[0]) && installs[1].count > installs[0].count)
  }
}
