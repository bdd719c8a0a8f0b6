import FleetModel

/// The parameters of an agent that were set: two fields each of the agent's hash, and JSON inside audit lines.
///
/// `tune:<parameter>` is the value; it is missing if the parameter was unset. `tuned:<parameter>` says who did that last:
/// `{"by":"maria@bastion","at":1795334400000,"command":"…"}`.
package enum AgentTuningCoding {
  private static let valuePrefix = Array("tune:".utf8)
  private static let authorPrefix = Array("tuned:".utf8)

  /// The field that holds a parameter's value.
  package static func valueField(of parameter: String) -> [UInt8] { valuePrefix + parameter.utf8 }

  /// The field that says who set it.
  package static func authorField(of parameter: String) -> [UInt8] { authorPrefix + parameter.utf8 }

  /// What stands in ``authorField(of:)``.
  package static func author(of tuning: AgentTuning) -> [UInt8] {
    var json = JSONWriter()
    json.add("by", tuning.by)
    json.add("at", tuning.at.map { Int($0.milliseconds) })
    json.add("command", tuning.command?.text)
    return json.finish()
  }

  /// Reads them out of an agent's hash. Values and names that are longer than any of their kind are cut, and what is no
  /// text is left out.
  package static func decode(fields: [(name: [UInt8], value: [UInt8])]) -> [AgentTuning] {
    var values: [ExactText: String] = [:]
    var authors: [ExactText: JSONValue] = [:]
    for field in fields {
      if let parameter = parameter(field.name, behind: valuePrefix) {
        values[parameter] = String(validating: field.value, as: UTF8.self)?.clipped(toBytes: TextBound.word)
      } else if let parameter = parameter(field.name, behind: authorPrefix) {
        authors[parameter] = try? JSONValue.parse(field.value)
      }
    }
    return Set(values.keys).union(authors.keys).map { parameter in
      let author = authors[parameter]
      return AgentTuning(
        parameter: parameter.text, value: values[parameter],
        by: author?["by"]?.text?.clipped(toBytes: TextBound.title) ?? "",
        at: author?["at"]?.int.map { Instant(milliseconds: Int64($0)) },
        command: author?["command"]?.text.flatMap(Self.command))
    }
  }

  private static func parameter(_ name: [UInt8], behind prefix: [UInt8]) -> ExactText? {
    guard name.starts(with: prefix), name.count <= prefix.count + TextBound.word else { return nil }
    return String(validating: name.dropFirst(prefix.count), as: UTF8.self).map { ExactText($0) }
  }

  private static func command(_ text: String) -> CommandID? {
    text.utf8.count <= TextBound.commandID ? CommandID(text) : nil
  }

  /// The JSON form, for documents of many parts; nil for none.
  static func json(_ tunings: [AgentTuning]) -> JSONValue? {
    guard !tunings.isEmpty else { return nil }
    return .array(
      tunings.map { tuning in
        [
          "parameter": .string(tuning.parameter), "value": tuning.value.map { .string($0) }, "by": .string(tuning.by),
          "at": tuning.at.map { .string(ISO8601.format($0)) },
          "command": tuning.command.map { .string($0.text) },
        ]
      })
  }

  static func decode(json: JSONValue?) -> [AgentTuning] {
    (json?.list ?? []).prefix(AgentTuning.most).compactMap { tuning in
      guard let parameter = tuning["parameter"]?.text, parameter.utf8.count <= TextBound.word else { return nil }
      return AgentTuning(
        parameter: parameter, value: tuning["value"]?.text?.clipped(toBytes: TextBound.word),
        by: tuning["by"]?.text?.clipped(toBytes: TextBound.title) ?? "",
        at: tuning["at"].flatMap { Instant(json: $0) }, command: tuning["command"]?.text.flatMap(Self.command))
    }
  }
}
