import CCurl

/// One request on its way, and what has come of its answer.
///
/// It is a class because libcurl writes to it by its address: it owns the handle, and all that the handle points to.
final class HTTPTransfer {
  let easy: UnsafeMutableRawPointer
  let completion: (HTTPResult) -> Void
  /// What a failure names: operation, scheme and host.
  private let subject: String
  private var lines: UnsafeMutablePointer<curl_slist>?
  private let cause = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
  private var response = HTTPResponse(status: 0)
  private var headerBytes = 0

  private let mostBody: Int
  /// What is sent a piece at a time, how much of it, and how much has been.
  private var sending: [UInt8] = []
  private var sendingLength = 0
  private var sent = 0

  /// How much of the header lines is kept.
  private static let kept = 64 * 1024

  /// Nil if memory is out.
  init?(_ request: HTTPRequest, subject: String, authorities: String?, _ completion: @escaping (HTTPResult) -> Void) {
    guard let easy = curl_easy_init() else { return nil }
    self.easy = easy
    self.completion = completion
    self.subject = subject
    mostBody = request.mostBody
    cause.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let options = [
      setAddress(request), setMethod(request), setHeaders(request), setOnce(), setTrust(authorities), setReceivers(),
    ]
    guard options.allSatisfy({ $0 }) else { return nil }
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(lines)
    cause.deallocate()
  }

  /// How it ended, by libcurl's own word.
  func result(_ code: CURLcode) -> HTTPResult {
    guard code != CURLE_OK else {
      response.status = vigia_curl_status(easy)
      return .response(response)
    }
    return .failed(
      HTTPFailure(reason: "\(subject): \(explanation(code))", mayHaveArrived: !Self.beforeSending.contains(code)))
  }

  // MARK: Failures

  /// Met before the first byte of a request is sent on a connection that is used once. One that is met after it as well,
  /// such as a time-out, is none of them.
  private static let beforeSending = [
    CURLE_UNSUPPORTED_PROTOCOL, CURLE_FAILED_INIT, CURLE_URL_MALFORMAT, CURLE_COULDNT_RESOLVE_PROXY,
    CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM,
    CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_PROXY,
  ]

  /// Those whose detail names hosts, ports, times and certificates. That of others may hold a proxy's address, with its
  /// password.
  private static let detailed = [
    CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION,
    CURLE_OPERATION_TIMEDOUT, CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR,
  ]

  private func explanation(_ code: CURLcode) -> String {
    let detail = String(cString: cause)
    return Self.detailed.contains(code) && !detail.isEmpty ? detail : String(cString: curl_easy_strerror(code))
  }

  // MARK: Options

  private func set(_ option: CURLoption, _ value: Int) -> Bool {
    vigia_curl_set_number(easy, option, value) == CURLE_OK
  }

  private func setAddress(_ request: HTTPRequest) -> Bool {
    vigia_curl_set_text(easy, CURLOPT_URL, request.url) == CURLE_OK
      // The path is what the request says: no part of it is taken for a step up.
      && set(CURLOPT_PATH_AS_IS, 1) && vigia_curl_allow_http_only(easy) == CURLE_OK
      && vigia_curl_abandon_lookups(easy) == CURLE_OK
      // None at all is what zero means to libcurl.
      && set(CURLOPT_TIMEOUT_MS, Int(max(1, request.timeout.milliseconds)))
  }

  private func setMethod(_ request: HTTPRequest) -> Bool {
    if request.method == "HEAD" { return set(CURLOPT_NOBODY, 1) }
    // A service may insist on a length if a method usually comes with a body (RFC 9110, 8.6).
    let implied: [UInt8]? = ["POST", "PUT", "PATCH"].contains(request.method) ? [] : nil
    if let body = request.body ?? implied {
      let length = min(max(0, request.bodyLength ?? body.count), body.count)
      guard length <= Self.mostCopied else { return setPieces(of: body, length) && setName(request.method) }
      // No bytes have no address, for which libcurl would read a body from elsewhere; any other will do.
      let isCopied = body.withUnsafeBytes { bytes in
        vigia_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(length)) == CURLE_OK
          && vigia_curl_set_pointer(
            easy, CURLOPT_COPYPOSTFIELDS,
            UnsafeMutableRawPointer(mutating: bytes.baseAddress ?? UnsafeRawPointer(cause))) == CURLE_OK
      }
      guard isCopied else { return false }
    }
    return setName(request.method)
  }

  private func setName(_ method: String) -> Bool {
    vigia_curl_set_text(easy, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK
  }

  /// A longer body is not copied at once, which would hold up the loop, but as the connection takes it.
  private static let mostCopied = 256 * 1024

  private func setPieces(of body: [UInt8], _ length: Int) -> Bool {
    (sending, sendingLength) = (body, length)
    let onRead: curl_write_callback = { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
      return transfer.givePiece(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
    }
    return set(CURLOPT_POST, 1)
      && vigia_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(length)) == CURLE_OK
      && vigia_curl_set_receiver(easy, CURLOPT_READFUNCTION, onRead) == CURLE_OK
      && vigia_curl_set_pointer(easy, CURLOPT_READDATA, Unmanaged.passUnretained(self).toOpaque()) == CURLE_OK
  }

  /// Fills a buffer with what comes next; 0 at the end.
  private func givePiece(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, sendingLength - sent)
    guard count > 0 else { return 0 }
    sending.withUnsafeBytes { bytes in
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[sent..<sent + count]))
    }
    sent += count
    return count
  }

  private func setHeaders(_ request: HTTPRequest) -> Bool {
    // A line without a value takes back what libcurl would send: a wait for the service's consent to a long body, and
    // the type of a form.
    var texts = ["Expect:"]
    if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) { texts.append("Content-Type:") }
    for header in request.headers {
      let isBlank = header.value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 }
      texts.append(isBlank ? "\(header.name);" : "\(header.name): \(header.value)")
    }
    for text in texts {
      guard let longer = curl_slist_append(lines, text) else { return false }
      lines = longer
    }
    return vigia_curl_set_list(easy, CURLOPT_HTTPHEADER, lines) == CURLE_OK
  }

  /// libcurl sends a request again, whatever its method, if a connection that it kept proves dead; what was done twice
  /// would then look as if done once. So each has a connection of its own, and a protocol that has no such repetition.
  private func setOnce() -> Bool {
    set(CURLOPT_FRESH_CONNECT, 1) && set(CURLOPT_FORBID_REUSE, 1)
      && set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) && set(CURLOPT_FOLLOWLOCATION, 0)
      && set(CURLOPT_NOSIGNAL, 1)
  }

  private func setTrust(_ authorities: String?) -> Bool {
    let isChecked =
      set(CURLOPT_SSL_VERIFYPEER, 1) && set(CURLOPT_SSL_VERIFYHOST, 2)
      && set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
    guard let authorities else { return isChecked }
    return isChecked && vigia_curl_set_text(easy, CURLOPT_CAINFO, authorities) == CURLE_OK
  }

  // MARK: The answer

  private func setReceivers() -> Bool {
    let context = Unmanaged.passUnretained(self).toOpaque()
    let onHeader: curl_write_callback = { bytes, _, count, context in
      guard let bytes, let context else { return 0 }
      let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
      transfer.takeLine(UnsafeRawBufferPointer(start: bytes, count: count))
      return count
    }
    let onBody: curl_write_callback = { bytes, _, count, context in
      guard let bytes, let context else { return 0 }
      let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
      transfer.takeBody(UnsafeRawBufferPointer(start: bytes, count: count))
      return count
    }
    // A proxy's own answer is none of the service's.
    return set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
      && vigia_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, cause) == CURLE_OK
      && vigia_curl_set_pointer(easy, CURLOPT_HEADERDATA, context) == CURLE_OK
      && vigia_curl_set_receiver(easy, CURLOPT_HEADERFUNCTION, onHeader) == CURLE_OK
      && vigia_curl_set_pointer(easy, CURLOPT_WRITEDATA, context) == CURLE_OK
      && vigia_curl_set_receiver(easy, CURLOPT_WRITEFUNCTION, onBody) == CURLE_OK
  }

  /// A header line; a status line begins the next answer, after one such as 103 that only announces it.
  private func takeLine(_ bytes: UnsafeRawBufferPointer) {
    if bytes.starts(with: "HTTP/".utf8) {
      response.headers = [:]
      headerBytes = 0
    }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), headerBytes + bytes.count <= Self.kept else { return }
    headerBytes += bytes.count
    let name = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
    let value = String(decoding: Self.trimmed(bytes[(colon + 1)...]), as: UTF8.self)
    response.headers[name] = response.headers[name].map { "\($0), \(value)" } ?? value
  }

  private func takeBody(_ bytes: UnsafeRawBufferPointer) {
    let room = mostBody - response.body.count
    if bytes.count > room { response.isCut = true }
    response.body += bytes.prefix(room)
  }

  private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
    let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
    guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
    else { return bytes.prefix(0) }
    return bytes[first...last]
  }
}
