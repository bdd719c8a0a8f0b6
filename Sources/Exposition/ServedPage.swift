/// A request of a client, as far as it matters to who answers it.
package struct ServedRequest: Equatable, Sendable {
  package var method: String
  /// Without the query.
  package var path: String
  package var accept: String
  /// Nil if it has no such header.
  package var authorization: String?
  /// The value of `format` in the query; nil if it has none.
  package var format: String?
  /// Whether it sends a body, which nobody reads.
  package var hasBody: Bool

  package init(
    method: String = "GET", path: String, accept: String = "", authorization: String? = nil, format: String? = nil,
    hasBody: Bool = false
  ) {
    (self.method, self.path, self.accept, self.authorization) = (method, path, accept, authorization)
    (self.format, self.hasBody) = (format, hasBody)
  }
}

/// What a client is answered.
package struct ServedReply: Equatable, Sendable {
  package var status: Int
  package var contentType: String
  /// Besides those that every reply has.
  package var headers: [String: String]
  /// In pieces, one after the other.
  package var body: [[UInt8]]

  package static let plainText = "text/plain; charset=utf-8"

  package init(
    _ status: Int, contentType: String = plainText, headers: [String: String] = [:], body: [[UInt8]]
  ) {
    (self.status, self.contentType, self.headers, self.body) = (status, contentType, headers, body)
  }

  /// A line of words.
  package init(_ status: Int, _ words: String, headers: [String: String] = [:]) {
    self.init(status, headers: headers, body: [Array("\(words)\n".utf8)])
  }
}
