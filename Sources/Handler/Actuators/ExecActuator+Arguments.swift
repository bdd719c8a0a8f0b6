import Automation
import Execution

/// What a program is given for a call. A value of a command or an event is never an option of the program's, nor the name of
/// a file that it reads its arguments from.
extension ExecActuator {
  /// The program and its arguments.
  ///
  /// A value that begins with `-` may begin an argument only behind the file's own `--`; one that begins with `@` never may.
  ///
  /// - Throws: if a value cannot stand in its place.
  func arguments(for call: ActuatorCall) throws(Refusal) -> [String] {
    var filled: [String] = []
    var isBehindOptions = false
    for template in arguments {
      let text = template.filled(call.value)
      try Self.checkText(text)
      if !template.beginsWithItsOwn { try Self.check(text, isBehindOptions: isBehindOptions) }
      if template.parts == [.text("--")] { isBehindOptions = true }
      filled.append(text)
    }
    return filled
  }

  /// The variables that it finds.
  ///
  /// - Throws: if a value cannot be one.
  func environment(for call: ActuatorCall) throws(Refusal) -> [String: String] {
    var filled: [String: String] = [:]
    for (name, template) in environment {
      filled[name] = template.filled(call.value)
      try Self.checkText("\(name)=\(filled[name] ?? "")")
    }
    filled["IDEMPOTENCY_KEY"] = call.key
    if let traceparent = call.traceparent, filled["TRACEPARENT"] == nil { filled["TRACEPARENT"] = traceparent }
    return filled
  }

  /// Linux gives a program no longer argument or variable, its zero byte included.
  private static let mostBytes = 131_071

  private static func checkText(_ text: String) throws(Refusal) {
    guard text.utf8.count <= mostBytes else {
      throw Refusal(
        "not run: an argument or variable has \(text.utf8.count) bytes, and no program can be given more than \(mostBytes)"
      )
    }
    guard !text.utf8.contains(0) else { throw Refusal("an argument holds a zero byte, which no program can be given") }
  }

  private static func check(_ text: String, isBehindOptions: Bool) throws(Refusal) {
    let shown = text.clipped(toBytes: 100)
    switch text.utf8.first {
    case UInt8(ascii: "-") where !isBehindOptions:
      throw Refusal(
        "not run: the argument \"\(shown)\" would be an option; put \"--\" before it in argv, or a name, as --agent={agent}"
      )
    case UInt8(ascii: "@"):
      throw Refusal("not run: the argument \"\(shown)\" may be read as a file's name; put a name before it in argv")
    default: break
    }
  }
}

extension Template {
  /// Whether it begins with a text of the file's, and not with a value.
  fileprivate var beginsWithItsOwn: Bool {
    guard case .text(let text)? = parts.first else { return parts.isEmpty }
    return !text.isEmpty
  }
}
