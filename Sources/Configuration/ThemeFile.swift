import Screen
internal import TOMLKit

/// Themes as TOML: a name, and a table of roles.
package enum ThemeFile {
  /// Names of the themes inside the program, in order.
  package static let builtIn = ["dark", "light", "plain"]

  /// A theme of the program's own.
  package static func builtIn(_ name: String) throws(ConfigurationError) -> Theme {
    switch name {
    case "dark": try read(PackageResources.dark_toml, file: "dark.toml")
    case "light": try read(PackageResources.light_toml, file: "light.toml")
    case "plain": Theme.plain
    default:
      throw ConfigurationError(
        file: name, key: nil,
        problem: "no theme of this name; there are \(builtIn.joined(separator: ", ")), or a file's path")
    }
  }

  /// Reads a theme.
  ///
  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - file: its name, for errors.
  package static func read(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> Theme {
    let table: TOMLTable
    do {
      table = try TOMLTable(string: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw ConfigurationError(file: file, key: nil, problem: "not TOML: \(error)")
    }
    for key in table.keys where key != "name" && key != "roles" {
      throw ConfigurationError(file: file, key: key, problem: "unknown key; a theme has name and roles")
    }
    guard let name = table["name"]?.string else {
      throw ConfigurationError(file: file, key: "name", problem: "needs the theme's name as text")
    }
    guard let roles = table["roles"]?.table else {
      throw ConfigurationError(file: file, key: "roles", problem: "needs a table of roles")
    }
    var styles: [Role: Style] = [:]
    for key in roles.keys {
      let path = "roles.\(key)"
      guard let role = Role(name: key) else {
        let known = Role.allCases.map(\.name).joined(separator: ", ")
        throw ConfigurationError(file: file, key: path, problem: "unknown role; there are \(known)")
      }
      guard let entry = roles[key]?.table else {
        throw ConfigurationError(
          file: file, key: path, problem: "needs a table such as { fg = \"#ff5f5f\", bold = true }")
      }
      styles[role] = try style(entry, path: path, file: file)
    }
    return Theme(name: name, styles: styles)
  }

  private static func style(_ table: TOMLTable, path: String, file: String) throws(ConfigurationError) -> Style {
    var style = Style()
    for key in table.keys {
      let keyPath = "\(path).\(key)"
      if key == "fg" || key == "bg" {
        guard let text = table[key]?.string, let color = Color(hex: text) else {
          throw ConfigurationError(file: file, key: keyPath, problem: "needs a colour such as \"#ff5f5f\"")
        }
        if key == "fg" { style.foreground = color } else { style.background = color }
        continue
      }
      guard let attribute = attributes[key] else {
        throw ConfigurationError(
          file: file, key: keyPath, problem: "unknown; a style has fg, bg, bold, dim, italic, underline, reverse")
      }
      guard let isOn = table[key]?.bool else {
        throw ConfigurationError(file: file, key: keyPath, problem: "needs true or false")
      }
      if isOn { style.attributes.insert(attribute) }
    }
    return style
  }

  private static let attributes: [String: Attributes] = [
    "bold": .bold, "dim": .dim, "italic": .italic, "underline": .underline, "reverse": .reverse,
  ]
}
