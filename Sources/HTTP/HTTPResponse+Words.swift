import FleetModel

extension HTTPResponse {
  /// Status and the beginning of what it says, in one line. Redact the answer first: a secret that is cut is not found.
  package var words: String {
    let text = String(decoding: body, as: UTF8.self)
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return "HTTP \(status)" + (line.isEmpty ? "" : ": \(line)").clipped(toBytes: 200)
  }

  /// What `Retry-After` asks for: seconds, fractions too, or a date (RFC 9110, 10.2.3); one that is over asks for nothing
  /// but another attempt. Nil if it asks for more than anybody would wait, or for nothing that can be read.
  ///
  /// - Parameter now: when the answer came, for a service that does not say what its own clock showed.
  package func retryAfter(at now: Instant) -> TimeSpan? {
    guard let text = headers["retry-after"] else { return nil }
    if let seconds = Double(text) { return TimeSpan(seconds: seconds) }
    guard let date = HTTPDate.parse(text) else { return nil }
    let sent = headers["date"].flatMap { HTTPDate.parse($0) } ?? now
    return TimeSpan(seconds: Double(max(.zero, date - sent).milliseconds) / 1000)
  }
}

extension TimeSpan {
  /// Nil if it is no span that anybody would wait for: a day and more, or negative.
  package init?(seconds: Double) {
    guard seconds >= 0, seconds < 86_400 else { return nil }
    self.init(milliseconds: Int64((seconds * 1000).rounded(.up)))
  }
}
