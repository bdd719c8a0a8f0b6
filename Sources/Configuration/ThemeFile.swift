import Screen

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
    let top = try FileSection(bytes, file: file)
    try top.allow(["name", "roles"], in: "a theme")
    let named = "the theme's name as a text"
    guard let name = try top.text("name", expected: named) else { throw top.fault("name", expected: named) }
    guard let roles = try top.section("roles", expected: "a table of roles") else {
      throw top.fault("roles", expected: "a table of roles")
    }
    var styles: [Role: Style] = [:]
    for key in roles.keys {
      guard let role = Role(name: key) else {
        throw roles.fault(key, "unknown role; there are \(Role.allCases.map(\.name).joined(separator: ", "))")
      }
      if let entry = try roles.section(key, expected: "a table such as { fg = \"#ff5f5f\", bold = true }") {
        styles[role] = try style(entry)
      }
    }
    return Theme(name: name, styles: styles)
  }

  private static func style(_ section: FileSection) throws(ConfigurationError) -> Style {
    try section.allow(["fg", "bg"] + attributes.map(\.name), in: "a style")
    var style = Style()
    style.foreground = try color("fg", of: section)
    style.background = try color("bg", of: section)
    for (name, attribute) in attributes where try section.flag(name) == true { style.attributes.insert(attribute) }
    return style
  }

  private static func color(_ key: String, of section: FileSection) throws(ConfigurationError) -> Color? {
    let expected = "a colour such as \"#ff5f5f\""
    guard let text = try section.text(key, expected: expected) else { return nil }
    guard let color = Color(hex: text) else { throw section.fault(key, expected: expected) }
    return color
  }

  private static let attributes: [(name: String, attribute: Attributes)] = [
    ("bold", .bold), ("dim", .dim), ("italic", .italic), ("underline", .underline), ("reverse", .reverse),
  ]
}
