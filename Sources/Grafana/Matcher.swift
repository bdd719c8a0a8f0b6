import Exposition

/// A label that series must have, as PromQL writes it.
enum Matcher {
  /// `name="value"`, whatever the value holds: a value of a label is nobody's query, and none of Grafana's variables.
  static func equals(_ name: String, _ value: String) -> String {
    let text = String(decoding: LabelSet((name, value)).bytes, as: UTF8.self)
    // Grafana looks for its variables in texts too. PromQL reads these two as what they stand for.
    return text.replacing("$", with: #"\x24"#).replacing("[[", with: #"\x5b\x5b"#)
  }
}
