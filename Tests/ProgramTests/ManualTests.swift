import Automation
import Console
import FleetModel
import Screen
import TestSupport
import TestThreads
import Testing
import Wire

@testable import vigia

@Suite(.threaded) struct ManualTests {
  @Test func everyFileOfTheManualIsAChapter() throws {
    let files = try Repository.files(in: "Sources/vigia/Manual").filter { $0.hasSuffix(".md") }
    #expect(Set(files) == Set(ManualChapter.all.map { "\($0.topic).md" }))
    #expect(files.count == ManualChapter.all.count)
    for chapter in ManualChapter.all {
      let file = try Repository.text(of: "Sources/vigia/Manual/\(chapter.topic).md")
      #expect(chapter.text == Array(file.utf8), "\(chapter.topic)")
    }
  }

  @Test func chaptersBeginWithATitleAndHoldNothingThatSteersATerminal() {
    for chapter in ManualChapter.all {
      let text = String(decoding: chapter.text, as: UTF8.self)
      #expect(text.hasPrefix("# ") && text.hasSuffix("\n") && text.utf8.count > 500, "\(chapter.topic)")
      #expect(
        text.unicodeScalars.allSatisfy { $0 == "\n" || Scrubber.fate(of: $0) == .keep }, "\(chapter.topic)")
    }
  }

  /// Figures come from runs of the benchmarks: where one is still missing, `⟨…⟩` stands.
  @Test func noFigureIsMissing() {
    for chapter in ManualChapter.all {
      let lines = String(decoding: chapter.text, as: UTF8.self).split(separator: "\n")
      #expect(!lines.contains { $0.contains("⟨") }, "\(chapter.topic): \(lines.filter { $0.contains("⟨") })")
    }
  }

  @Test func chaptersAreListedWithALineEach() throws {
    let result = try Program.run("manual")
    #expect(result.status == 0)
    let lines = result.output.split(separator: "\n").dropFirst()
    #expect(lines.count == ManualChapter.all.count)
    for (line, chapter) in zip(lines, ManualChapter.all) {
      #expect(line.hasPrefix("  \(chapter.topic) ") && line.hasSuffix("  \(chapter.summary)"))
      #expect(line.count <= 100)
    }
  }

  @Test(arguments: ManualChapter.all.map(\.topic))
  func chapterIsPrintedAsItIs(_ topic: String) throws {
    let chapter = try #require(ManualChapter.all.first { $0.topic == topic })
    #expect(try Program.run("manual", topic) == .init(0, String(decoding: chapter.text, as: UTF8.self)))
  }

  @Test func wrongTopicNamesThoseThatThereAre() throws {
    let result = try Program.run("manual", "cheese\u{1B}[2J")
    #expect(result.status == 64)
    let topics = ManualChapter.all.map(\.topic).joined(separator: ", ")
    #expect(result.errors.hasPrefix("Error: the manual has no chapter \"cheese^[[2J\"; there are \(topics)\n"))
  }

  @Test func chaptersThatTheManualNamesExist() throws {
    let known = Set(ManualChapter.all.map(\.topic))
    for chapter in ManualChapter.all {
      let text = String(decoding: chapter.text, as: UTF8.self)
      for rest in text.components(after: "vigia manual ") where rest.first?.isLowercase == true {
        let topic = String(rest.prefix { $0.isLowercase })
        #expect(known.contains(topic), "\(chapter.topic): \(topic)")
      }
    }
  }
}

@Suite(.threaded) struct ManualTableTests {
  private static func chapter(_ topic: String) throws -> String {
    String(decoding: try #require(ManualChapter.all.first { $0.topic == topic }).text, as: UTF8.self)
  }

  /// Rows of the first table that has this head, without the head.
  private static func rows(of text: String, head: String) -> [Substring] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { $0.hasPrefix(head) }) else { return [] }
    return Array(lines[(start + 2)...].prefix { $0.hasPrefix("|") })
  }

  @Test func tableOfActionsAgreesWithTheActions() throws {
    let rows = Self.rows(of: try Self.chapter("commands"), head: "| action | needs | may have |")
    #expect(rows.count == Action.allCases.count)
    for action in Action.allCases {
      func cell(_ parameters: [ActionParameter]) -> String {
        let words = parameters.map { "`\($0.name)`" + ($0.defaultText.map { " (\($0))" } ?? "") }
        return words.isEmpty ? " " : " \(words.joined(separator: ", ")) "
      }
      let needs = cell(action.parameters.filter(\.isRequired))
      let mayHave = cell(action.parameters.filter { !$0.isRequired })
      let row = "| `\(action.rawValue)` |\(needs)|\(mayHave)|"
      #expect(rows.contains { $0.hasPrefix(row) }, "\(row)")
    }
  }

  @Test func tablesOfKeysAgreeWithTheKeymap() throws {
    let text = try Self.chapter("console")
    for section in Keymap.sections {
      let rows = section.bindings.map { "| `\($0.label)` | \($0.summary) |\n" }.joined()
      let table = "### \(section.title)\n\n| key | what it does |\n|---|---|\n\(rows)\n"
      #expect(text.contains(table), "\(table)")
    }
  }

  @Test func tableOfNamesAgreesWithTheNamesOfConditions() throws {
    let rows = Self.rows(of: try Self.chapter("runbook"), head: "| name | what |")
    let names: [(group: String, names: [String])] = [
      ("event", FactName.eventNames), ("agent", FactName.agentNames), ("role", FactName.roleNames),
      ("fleet", FactName.fleetNames), ("handler", FactName.handlerNames), ("run", FactName.runNames),
    ]
    for (group, names) in names {
      let row = "| `\(group)." + names.map { "\($0)`" }.joined(separator: ", `") + " |"
      #expect(rows.contains { $0.hasPrefix(row) }, "\(row)")
    }
  }

  /// The table of rights is what is printed.
  @Test func tableOfRightsAgreesWithTheTableOfRights() throws {
    let rows = Self.rows(of: try Self.chapter("rights"), head: "| role | for | rights |")
    let roles: [(String, AccessRole)] = [
      ("viewer", .viewer), ("operator NAME", .operator("NAME")), ("maintainer NAME", .maintainer("NAME")),
      ("handler", .handler), ("publisher", .publisher), ("runtime", .runtime(readsAsGroup: false)),
      ("runtime --group", .runtime(readsAsGroup: true)), ("doctor", .doctor),
    ]
    #expect(rows.count == roles.count)
    for ((name, role), row) in zip(roles, rows) {
      let rules = AccessTable(role, Keys()).rules(in: .redis7).joined(separator: " ").replacing("|", with: "\\|")
      #expect(row.hasPrefix("| `\(name)` | ") && row.hasSuffix(" | `\(rules)` |"), "\(name): \(rules)")
    }
    #expect(Set(roles.map(\.1.name)) == Set(AccessRole.names))
  }

  @Test func exitCodesAreThoseOfTheProgram() throws {
    let text = try Self.chapter("tools")
    #expect(text.contains(Vigia.configuration.discussion))
  }

  @Test func everyToolIsInTheTableOfTools() throws {
    let rows = Self.rows(of: try Self.chapter("tools"), head: "| command | what it does |").joined(separator: "\n")
    for command in Vigia.configuration.subcommands {
      let name = try #require(command.configuration.commandName)
      #expect(rows.contains("`vigia \(name)"), "\(name)")
    }
  }
}

@Suite(.threaded) struct ManualPageTests {
  @Test(arguments: ManualChapter.all.map(\.topic), [20, 80, 200])
  func linesFitTheTerminalButForCode(_ topic: String, _ columns: Int) throws {
    let chapter = try #require(ManualChapter.all.first { $0.topic == topic })
    let page = ManualPage(String(decoding: chapter.text, as: UTF8.self), columns: columns)
    for line in page.lines where !line.hasPrefix("    ") && !line.hasPrefix("#") {
      #expect(TextWidth.fits(line, columns: columns), "\(line)")
    }
  }

  private static func words(_ text: some StringProtocol) -> Set<Substring> {
    let separators: Set<Character> = [" ", "\n", "|", "`", "\\"]
    return Set(Substring(text).split { separators.contains($0) }.filter { $0.count > 3 && $0.count < 80 })
  }

  @Test func noWordOfAChapterIsLost() {
    for chapter in ManualChapter.all {
      let text = String(decoding: chapter.text, as: UTF8.self)
      let shown = Self.words(ManualPage(text, columns: 100).lines.joined(separator: " "))
      var lost = Self.words(text).subtracting(shown)
      // Of a table with two columns the heads are not shown, nor the kind of a block of code.
      let lines = text.split(separator: "\n")
      for (head, line) in zip(lines, lines.dropFirst()) where line.hasPrefix("|---") { lost.subtract(Self.words(head)) }
      for line in lines where line.hasPrefix("```") { lost.subtract(Self.words(line.dropFirst(3))) }
      #expect(lost.isEmpty, "\(chapter.topic)")
    }
  }

  @Test func markdownIsLaidOut() {
    let text = """
      # Title

      A line that
      goes on.

      - one item that is longer
        than a line
      1. numbered

      | key | does | undone |
      |---|---|---|
      | `a\\|b` | something | |
      | `c` | other things here | `d` |

      ```sh
      vigia  status
      vigia demo   # all that there is to see
      ```

      """
    #expect(
      ManualPage(text, columns: 24).lines == [
        "# Title", "", "A line that goes on.", "", "- one item that is", "  longer than a line", "1. numbered", "",
        "  `a|b`", "      does: something", "  `c`", "      does: other things", "      here", "      undone: `d`", "",
        "    vigia  status", "    # all that there is", "    # to see", "    vigia demo",
      ])
  }
}

@Suite(.threaded) struct PagerTests {
  /// What `vigia manual rights` shows on a terminal, line feeds as they were printed.
  private func shown(_ environment: [String: String]) throws -> String {
    let program = try PtyProgram(["manual", "rights"], rows: 400, columns: 200, environment: environment)
    let ended = try program.finish()
    #expect(ended.exitCode == 0)
    return program.text.filter { $0 != "\r" }.replacing("\r\n", with: "\n")
  }

  private var plain: String {
    let text = ManualChapter.all.first { $0.topic == "rights" }?.text ?? []
    return ManualPage(String(decoding: text, as: UTF8.self), columns: 200).lines.map { "\($0)\n" }.joined()
  }

  @Test func pagerOfTheEnvironmentShowsTheChapterOnATerminal() throws {
    #expect(try shown(["PAGER": "tr a-z A-Z"]) == plain.uppercased())
  }

  @Test(arguments: ["", "cat", "/nonexistent/pager 2>/dev/null"])
  func withoutAPagerTheChapterIsPrinted(_ pager: String) throws {
    #expect(try shown(["PAGER": pager]).hasSuffix(plain))
  }

  @Test func withoutLessTheChapterIsPrinted() throws {
    #expect(try shown(["PATH": "/nonexistent"]) == plain)
  }

  @Test func pagerThatReadsNothingEndsTheProgramQuietly() throws {
    #expect(try shown(["PAGER": "true"]) == "")
  }
}
