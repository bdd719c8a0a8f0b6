extension Event {
  /// What the agent lets others set, by name: of `parameters` those that hold, the first
  /// ``TunableParameter/mostOfAgent`` of them. Of a name that stands twice the last counts.
  package var parameters: [TunableParameter] {
    let text = fields.text(.parameters)
    guard text.form == .json, let raw = raw(text), raw.first == UInt8(ascii: "{") else { return [] }
    var found: [TunableParameter] = []
    JSONText.visitMembers(ofObject: raw) { name, value in
      let name = String(decoding: JSONText.unescape(name, most: TunableParameter.mostNameBytes + 1), as: UTF8.self)
      found.removeAll { $0.name == name }
      guard let parameter = Self.parameter(name, value) else { return true }
      found.append(parameter)
      return found.count < TunableParameter.mostOfAgent
    }
    return found.sorted { $0.name < $1.name }
  }

  private static func parameter(_ name: String, _ raw: UnsafeRawBufferPointer) -> TunableParameter? {
    var numbers: [String: Double] = [:]
    JSONText.visitMembers(ofObject: raw) { key, value in
      let key = String(decoding: JSONText.unescape(key, most: 8), as: UTF8.self)
      if ["min", "max", "step", "value"].contains(key) { numbers[key] = JSONText.number(value) }
      return true
    }
    guard let minimum = numbers["min"], let maximum = numbers["max"], let step = numbers["step"],
      let value = numbers["value"]
    else { return nil }
    return TunableParameter(name: name, minimum: minimum, maximum: maximum, step: step, value: value)
  }
}
