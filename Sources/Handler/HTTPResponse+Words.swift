extension HTTPResponse {
  /// Status and the beginning of what it says, in one line.
  var words: String {
    let text = String(decoding: body.prefix(200), as: UTF8.self)
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return "HTTP \(status)" + (line.isEmpty ? "" : ": \(line)")
  }

  /// Milliseconds that `Retry-After` asks for, in seconds, fractions too.
  var retryAfter: Int64? {
    guard let text = headers["retry-after"], let seconds = Double(text), seconds >= 0, seconds < 86_400 else {
      return nil
    }
    return Int64(seconds * 1000)
  }
}
