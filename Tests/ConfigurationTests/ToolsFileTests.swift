import Configuration
import FleetModel
import Testing

/// `[[links]]` and `[[commands]]`.
@Suite struct ToolsFileTests {
  private func problem(_ text: String) -> String {
    do throws(ConfigurationError) {
      _ = try ToolsFile.read(Array(text.utf8), file: "vigia.toml")
      return "none"
    } catch {
      return "\(error)"
    }
  }

  private static let form = "a list of the program's whole path and its arguments, such as [\"/usr/bin/df\", \"-h\"]"

  private static let text = """
    [[links]]
    name = "Logs"
    url = "https://logs.internal/search?agent={agent}"
    [[commands]]
    name = "Pods"
    run = ["/usr/bin/kubectl", "get", "pods", "--", "{agent}"]
    timeout = "5s"
    dangerous = true
    """

  @Test func theConsoleReadsThemOfAnyFileAndTheHandlerReadsItsLinks() throws {
    let tools = try ToolsFile.read(Array((Self.text + "\n[notify.x]\nkind = 1\n").utf8), file: "vigia.toml")
    #expect(tools.links.map(\.name) == ["Logs"] && tools.commands.map(\.name) == ["Pods"])
    #expect(tools.commands[0].isDangerous && tools.commands[0].limit == .seconds(5))
    let settings = try HandlerFile.read(Array(Self.text.utf8), file: "handler.toml")
    #expect(settings.notify.links == tools.links)
    #expect(try ToolsFile.read([], file: "vigia.toml").isEmpty)
  }

  @Test(
    arguments: [
      ("[[links]]\nurl = 'https://h/'", "links[0].name: is missing; expected a name"),
      ("[[links]]\nname = 'x'", "links[0].url: is missing; expected an address"),
      ("[[links]]\nname = 'x'\nurl = 'ftp://h/'", "links[0].url: is no address; expected https:// or http://"),
      ("[[links]]\nname = 'x'\nurl = 'https://h/{agnet}'", "has {agnet}, which is no place; there are {agent}, {name}"),
      ("[[links]]\nname = 'x'\nurl = 'https://h/'\nkey = 1", "unknown key; an entry of links has name, url"),
      ("[[commands]]\nname = 'x'", "commands[0].run: is missing; expected \(form)"),
      ("[[commands]]\nname = 'x'\nrun = 'df -h'", "commands[0].run: is the text \"df -h\"; expected \(form)"),
      (
        "[[commands]]\nname = 'x'\nrun = ['df']",
        "vigia.toml:3: commands[0].run: begins with \"df\", which is no whole path; expected \(form)"
      ),
      (
        "[[commands]]\nname = 'x'\nrun = ['']",
        "commands[0].run: begins with \"\", which is no whole path; expected \(form)"
      ),
      ("[[commands]]\nname = 'x'\nrun = []", "commands[0].run: is empty; expected \(form)"),
      ("[[commands]]\nname = 'x'\nrun = ['/bin/ls', 3]", "commands[0].run[1]: is the number 3; expected a text"),
      (
        "[[commands]]\nname = 'x'\nrun = ['/opt/{agent}/run']",
        "commands[0].run: has a place in the program's path; expected places in its arguments only"
      ),
      (
        "[[commands]]\nname = 'x'\nrun = [\(Array(repeating: "'/bin/ls'", count: 65).joined(separator: ", "))]",
        "commands[0].run: has 65 entries; expected 64 at most"
      ),
      ("[[commands]]\nname = 'x'\nrun = ['/bin/ls', '{x}']", "commands[0].run[1]: has {x}, which is no place"),
      ("[[commands]]\nname = 'x'\nrun = ['/bin/ls']\ntimeout = '1h'", "expected a span of up to 10m"),
      (
        (0...20).map { "[[links]]\nname = 'l\($0)'\nurl = 'https://h/'\n" }.joined(),
        "links: has 21 entries; expected 20 at most"
      ),
    ])
  func wrongValuesAreNamed(_ text: String, _ words: String) {
    #expect(problem(text).contains(words), "\(problem(text))")
  }
}
