import FleetModel

/// Links and commands of the operator's own, in the handler's file or in one of their own:
///
/// ```toml
/// [[links]]
/// name = "Logs"
/// url = "https://logs.internal/search?agent={agent}&from={since_ms}"
///
/// [[commands]]
/// name = "Pods"
/// run = ["/usr/bin/kubectl", "get", "pods", "-l", "agent={agent}"]
/// timeout = "30s"
/// dangerous = false            # true: asks for a code, and is refused where the console only reads
/// ```
package enum ToolsFile {
  static let keys = ["links", "commands"]

  /// Reads what concerns the console of any file that has some; all else is passed over.
  package static func read(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> OwnTools {
    try tools(in: try FileSection(bytes, file: file))
  }

  static func tools(in top: FileSection) throws(ConfigurationError) -> OwnTools {
    var tools = OwnTools()
    let links = try top.sections("links")
    let commands = try top.sections("commands")
    guard links.count <= OwnLink.most else {
      throw top.fault("links", "has \(links.count) entries; expected \(OwnLink.most) at most")
    }
    guard commands.count <= OwnCommand.most else {
      throw top.fault("commands", "has \(commands.count) entries; expected \(OwnCommand.most) at most")
    }
    for section in links { tools.links.append(try link(section)) }
    for section in commands { tools.commands.append(try command(section)) }
    return tools
  }

  private static func name(_ section: FileSection) throws(ConfigurationError) -> String {
    guard let name = try section.text("name", expected: "a name") else {
      throw section.fault("name", expected: "a name")
    }
    guard OwnLink.isName(name) else {
      throw section.fault("name", expected: "1 to \(OwnLink.longestName) bytes on one line")
    }
    return name
  }

  private static func link(_ section: FileSection) throws(ConfigurationError) -> OwnLink {
    try section.allow(["name", "url"], in: "an entry of links")
    let name = try name(section)
    guard let url = try section.text("url", expected: "an address") else {
      throw section.fault("url", expected: "an address")
    }
    do throws(LinkTemplate.Malformed) {
      return try OwnLink(name: name, url: url)
    } catch {
      throw section.fault("url", error.description)
    }
  }

  private static func command(_ section: FileSection) throws(ConfigurationError) -> OwnCommand {
    try section.allow(["name", "run", "timeout", "dangerous"], in: "an entry of commands")
    let name = try name(section)
    guard let texts = try section.texts("run", expected: OwnCommand.form) else {
      throw section.fault("run", expected: OwnCommand.form)
    }
    let limit = try section.span("timeout", atMost: .minutes(10)) ?? OwnCommand.usualLimit
    let isDangerous = try section.flag("dangerous") ?? false
    var arguments: [LinkTemplate] = []
    for (place, text) in texts.enumerated() {
      do throws(LinkTemplate.Malformed) {
        arguments.append(try LinkTemplate(text))
      } catch {
        throw section.fault("run", element: place, error.description)
      }
    }
    do throws(LinkTemplate.Malformed) {
      return try OwnCommand(name: name, arguments: arguments, isDangerous: isDangerous, limit: limit)
    } catch {
      throw section.fault("run", error.description)
    }
  }
}
