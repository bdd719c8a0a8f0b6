import CCurl

extension HTTPRequest {
  /// Looks for what must not be sent.
  ///
  /// - Returns: the operation and its subject as a failure names them, `POST https://example.org:8443`.
  func checked() throws(HTTPFailure) -> String {
    guard Self.isToken(method) else { throw .unsent("the method is no token of HTTP") }
    let subject = "\(method) \(try origin())"
    // The answer to a HEAD ends with its headers, which libcurl knows only of one that it makes itself, without a body.
    if method == "HEAD", body != nil { throw .unsent("\(subject): a HEAD request has no body") }
    for header in headers {
      guard Self.isToken(header.name) else { throw .unsent("\(subject): the name of a header is no token of HTTP") }
      guard !Self.ownHeaders.contains(header.name.lowercased()) else {
        throw .unsent("\(subject): header \(header.name) follows from the body and is not to be set")
      }
      // A line break would begin another header, and a NUL would cut the value short.
      guard !header.value.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) else {
        throw .unsent("\(subject): the value of header \(header.name) holds a control character")
      }
    }
    return subject
  }

  /// Two ideas of a body's length are one request smuggled behind another; and an expectation has curl wait.
  private static let ownHeaders: Set<String> = ["content-length", "transfer-encoding", "expect"]

  /// RFC 9110, 5.6.2.
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  /// Scheme, host and port, by the parser that the transfer goes by as well: two parsers may read one URL differently.
  private func origin() throws(HTTPFailure) -> String {
    // C would take only what stands before the NUL.
    guard !url.utf8.contains(0) else { throw .unsent("\(method): the URL holds a NUL") }
    guard let parsed = curl_url() else { throw .unsent("\(method): out of memory") }
    defer { curl_url_cleanup(parsed) }
    let code = curl_url_set(parsed, CURLUPART_URL, url, 0)
    guard code == CURLUE_OK else { throw .unsent("\(method): \(String(cString: curl_url_strerror(code)))") }
    let scheme = Self.part(CURLUPART_SCHEME, of: parsed) ?? ""
    guard ["http", "https"].contains(scheme), let host = Self.part(CURLUPART_HOST, of: parsed), !host.isEmpty else {
      throw .unsent("\(method): the URL is neither http nor https")
    }
    let port = Self.part(CURLUPART_PORT, of: parsed).map { ":\($0)" } ?? ""
    return "\(scheme)://\(host)\(port)"
  }

  private static func part(_ part: CURLUPart, of url: OpaquePointer) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(url, part, &text, 0) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }
}

extension HTTPFailure {
  /// One that no byte was sent for.
  static func unsent(_ reason: String) -> HTTPFailure { HTTPFailure(reason: reason, mayHaveArrived: false) }
}
