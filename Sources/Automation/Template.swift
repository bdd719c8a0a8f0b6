import FleetModel

/// A text with places to fill in: `{agent}`, `{replicas}`. A doubled brace is a brace.
///
/// | place | filled with |
/// |---|---|
/// | `{agent}` | the target's id |
/// | `{action}`, `{command_id}`, `{operator}`, `{reason}` | the command's own |
/// | `{key}` | the idempotency key, `<command id>/<agent>` |
/// | `{until}` | when what it restricts ends, ISO 8601 |
/// | `{args.NAME}` | an argument of the action; empty if the command has none |
/// | `{env.NAME}` | a variable of the handler's own environment, read when the configuration is |
package struct Template: Equatable, Sendable {
  package enum Part: Equatable, Sendable {
    case text(String)
    case place(Place)
  }

  package enum Place: Equatable, Sendable {
    case agent, action, commandID, `operator`, reason, key, until
    case argument(String)

    /// As it is written: `{args.for}`.
    package var written: String {
      switch self {
      case .agent: "{agent}"
      case .action: "{action}"
      case .commandID: "{command_id}"
      case .operator: "{operator}"
      case .reason: "{reason}"
      case .key: "{key}"
      case .until: "{until}"
      case .argument(let name): "{args.\(name)}"
      }
    }
  }

  /// Why a text is no template.
  package struct Malformed: Error, Equatable {
    package let problem: String
  }

  package private(set) var parts: [Part]
  /// The variables of the environment whose values it holds, which may be secrets: no log may show them.
  package private(set) var variables: Set<String> = []

  /// A text as it is.
  package init(text: String) {
    parts = [.text(text)]
  }

  /// Reads a template.
  ///
  /// - Parameter environment: what `{env.NAME}` is filled with, at once.
  package init(_ source: String, environment: [String: String] = [:]) throws(Malformed) {
    parts = []
    var rest = source[...]
    var text = ""
    while let character = rest.first {
      rest = rest.dropFirst()
      if character == "{" || character == "}", rest.first == character {
        text.append(character)
        rest = rest.dropFirst()
      } else if character == "{" {
        guard let end = rest.firstIndex(of: "}") else {
          throw Malformed(problem: "\"{\" has no \"}\"; write {{ for a brace")
        }
        let name = String(rest[..<end])
        rest = rest[rest.index(after: end)...]
        if name.hasPrefix("env.") {
          let variable = String(name.dropFirst(4))
          text += try Self.variable(variable, environment)
          variables.insert(variable)
          continue
        }
        if !text.isEmpty { parts.append(.text(text)) }
        text = ""
        parts.append(.place(try Self.place(name)))
      } else if character == "}" {
        throw Malformed(problem: "\"}\" has no \"{\"; write }} for a brace")
      } else {
        text.append(character)
      }
    }
    if !text.isEmpty { parts.append(.text(text)) }
  }

  /// Fills it in.
  ///
  /// - Parameters:
  ///   - escape: what makes a value fit where it goes; texts between the places are left as they are.
  package func filled(_ value: (Place) -> String, escape: (String) -> String = { $0 }) -> String {
    var filled = ""
    for part in parts {
      switch part {
      case .text(let text): filled += text
      case .place(let place): filled += escape(value(place))
      }
    }
    return filled
  }

  private static func variable(_ name: String, _ environment: [String: String]) throws(Malformed) -> String {
    guard let value = environment[name] else {
      throw Malformed(problem: "{env.\(name)}: the environment has no variable \(name)")
    }
    return value
  }

  private static func place(_ name: String) throws(Malformed) -> Place {
    switch name {
    case "agent": return .agent
    case "action": return .action
    case "command_id": return .commandID
    case "operator": return .operator
    case "reason": return .reason
    case "key": return .key
    case "until": return .until
    default:
      guard name.hasPrefix("args."), name.count > 5 else {
        throw Malformed(
          problem:
            "{\(name)} is no place; there are agent, action, command_id, operator, reason, key, until, args.NAME, "
            + "env.NAME")
      }
      return .argument(String(name.dropFirst(5)))
    }
  }
}
