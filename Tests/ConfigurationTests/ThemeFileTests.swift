import Configuration
import Glibc
import Screen
import Testing

@Suite struct ThemeFileTests {
  private func read(_ text: String) throws(ConfigurationError) -> Theme {
    try ThemeFile.read(Array(text.utf8), file: "my.toml")
  }

  @Test func everyBuiltInThemeIsReadable() throws {
    for name in ThemeFile.builtIn { #expect(try ThemeFile.builtIn(name).name == name) }
    #expect(try ThemeFile.builtIn("dark")[.alertCritical].foreground == Color(hex: "#ffffff"))
  }

  @Test func everyThemeOfTheFolderIsInTheProgram() throws {
    let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let stream = try #require(opendir("/\(folder)/Themes"))
    defer { closedir(stream) }
    var names: Set<String> = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasSuffix(".toml") { names.insert(String(name.dropLast(5))) }
    }
    #expect(names == Set(ThemeFile.builtIn).subtracting(["plain"]))
  }

  @Test func builtInThemesStyleEveryRoleTheyCan() throws {
    // A role that a theme forgets would look as on a terminal without colours.
    for name in ["dark", "light"] {
      let theme = try ThemeFile.builtIn(name)
      for role in Role.allCases where role != .text {
        #expect(theme[role] != Style(), "\(name) leaves out \(role.name)")
      }
    }
  }

  @Test func errorsNameTheKeyAndWhatWasExpected() {
    let cases = [
      ("name = 3", "my.toml:1: name: is the number 3; expected the theme's name as a text"),
      ("name = 'x'", "my.toml:1: roles: is missing; expected a table of roles"),
      ("name = 'x'\nroles = {}\ncolor = 1", "my.toml:3: color: unknown key; a theme has name, roles"),
      (
        "name = 'x'\n[roles]\nbad = { fg = 'red' }",
        "my.toml:3: roles.bad.fg: is the text \"red\"; expected a colour such as \"#ff5f5f\""
      ),
      (
        "name = 'x'\n[roles]\nbad = { blink = true }",
        "my.toml:3: roles.bad.blink: unknown key; a style has fg, bg, bold, dim, italic, underline, reverse"
      ),
      (
        "name = 'x'\n[roles]\nbad = { bold = 1 }",
        "my.toml:3: roles.bad.bold: is the number 1; expected true or false"
      ),
    ]
    for (text, problem) in cases {
      #expect { try read(text) } throws: { "\($0)" == problem }
    }
    #expect { try read("name = ") } throws: { "\($0)".hasPrefix("my.toml:1: not TOML: column 8: ") }
    #expect { try read("name = 'x'\n[roles]\nnosuch = {}") } throws: {
      "\($0)".hasPrefix("my.toml:3: roles.nosuch: unknown role")
    }
  }
}
