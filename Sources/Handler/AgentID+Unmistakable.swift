import FleetModel

extension AgentID {
  /// The id as text that no other id has: where its bytes are not UTF-8, each as two hexadecimal digits behind a `%`.
  var unmistakable: String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return bytes.map { "%" + (String($0 < 16 ? "0" : "") + String($0, radix: 16)) }.joined()
  }
}
