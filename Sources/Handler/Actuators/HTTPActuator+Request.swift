import Automation
import Execution
import FleetModel
import HTTP
import Logging
import Wire

/// The request for a call. A value of a command or an event fills its place and does nothing else: it changes neither whom
/// the request goes to, nor how its path, its headers or its body are read.
extension HTTPActuator {
  /// The request, with the key by which the service knows one that it has had.
  ///
  /// - Throws: if a value cannot stand in its place.
  func request(for call: ActuatorCall) throws(Refusal) -> HTTPRequest {
    var request = HTTPRequest(method: method, url: try address(for: call), timeout: timeout)
    for header in headers {
      request.headers.append(HTTPRequest.Header(header.name, try Self.filled(header, call)))
    }
    add("Idempotency-Key", IdempotencyKey.header(call.key), to: &request)
    add("User-Agent", "vigia-handler", to: &request)
    if let traceparent = call.traceparent { add("traceparent", traceparent, to: &request) }
    guard let body else { return request }
    add("Content-Type", "application/json", to: &request)
    let type = request.headers.first { $0.name.lowercased() == "content-type" }?.value.lowercased() ?? ""
    let isForm = type.hasPrefix("application/x-www-form-urlencoded")
    let text = isForm ? body.filled(call.value, escape: Self.percentEncoded) : try JSONTemplate(body).filled(call.value)
    request.body = Array(text.utf8)
    return request
  }

  private func add(_ name: String, _ value: String, to request: inout HTTPRequest) {
    guard !request.headers.contains(where: { $0.name.lowercased() == name.lowercased() }) else { return }
    request.headers.append(HTTPRequest.Header(name, value))
  }

  private static func filled(_ header: HTTPActuator.Header, _ call: ActuatorCall) throws(Refusal) -> String {
    let value = header.value.filled(call.value, escape: onOneLine)
    guard value.utf8.count <= mostInHeader else {
      throw Refusal(
        "not sent: the header \(header.name) would have \(value.utf8.count) bytes; at most \(mostInHeader) may")
    }
    return value
  }

  // MARK: The address

  /// No value of a command or an event is longer, in bytes: many services take no longer ones, and whatever is looked
  /// for in them takes its time.
  private static let mostInSegment = 2048
  private static let mostInQuery = 8192
  private static let mostInHeader = 8192
  /// Nobody decodes more often.
  private static let mostDecodings = 4

  /// What a part of an address is read as.
  private enum Region {
    /// Scheme and host; how many slashes have come.
    case host(slashes: Int)
    /// A segment of the path: its text, and whether a value stands in it.
    case segment(String, isFilled: Bool)
    /// Query and fragment.
    case rest
  }

  private func address(for call: ActuatorCall) throws(Refusal) -> String {
    var address = ""
    var region = Region.host(slashes: 0)
    for part in url.parts {
      switch part {
      case .text(let text):
        address += text
        for character in text { try Self.read(character, &region) }
      case .place(let place):
        let value = call.value(place)
        try Self.checkLength(value, region)
        address += Self.percentEncoded(value)
        if case .segment(let text, _) = region { region = .segment(text + value, isFilled: true) }
      }
    }
    try Self.check(region)
    return address
  }

  private static func checkLength(_ value: String, _ region: Region) throws(Refusal) {
    let most = if case .rest = region { mostInQuery } else { mostInSegment }
    guard value.utf8.count <= most else {
      throw Refusal("not sent: a value in the address has \(value.utf8.count) bytes; at most \(most) may stand there")
    }
  }

  private static func read(_ character: Character, _ region: inout Region) throws(Refusal) {
    switch region {
    case .host(let slashes) where character == "/" && slashes < 2: region = .host(slashes: slashes + 1)
    case .host where character == "/": region = .segment("", isFilled: false)
    case .host where character == "?" || character == "#": region = .rest
    case .host, .rest: break
    case .segment where character == "/" || character == "?" || character == "#":
      try check(region)
      region = character == "/" ? .segment("", isFilled: false) : .rest
    case .segment(let text, let isFilled): region = .segment(text + String(character), isFilled: isFilled)
    }
  }

  /// A segment stays one, whoever reads it: a dot segment leads elsewhere, and an empty one is often left out. Some services
  /// and proxies decode what was encoded, once or twice, before they look for slashes and dots. What can be decoded
  /// without end is no value.
  private static func check(_ region: Region) throws(Refusal) {
    guard case .segment(let text, isFilled: true) = region else { return }
    guard !text.isEmpty else {
      throw Refusal("not sent: a value that is empty would take a part of the address away")
    }
    var bytes = Array(text.utf8)
    for pass in 0... {
      let pieces = bytes.split(omittingEmptySubsequences: false) { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
      guard !pieces.contains(where: isDots) else {
        throw Refusal("not sent: \"\(text.clipped(toBytes: 100))\" in the address would lead to another one")
      }
      guard let decoded = EscapedText(bytes).percentDecoded() else { return }
      guard pass < mostDecodings else {
        throw Refusal(
          "not sent: \"\(text.clipped(toBytes: 100))\" in the address is encoded more than \(mostDecodings) times")
      }
      bytes = decoded.bytes
    }
  }

  /// Whether a piece is a dot segment to anybody: there are those that drop controls and blanks, and what stands behind a
  /// semicolon.
  private static func isDots(_ piece: ArraySlice<UInt8>) -> Bool {
    let read = piece.prefix { $0 != UInt8(ascii: ";") }.filter { $0 > 0x20 && $0 != 0x7F }
    return read.elementsEqual(".".utf8) || read.elementsEqual("..".utf8)
  }

  /// What may stand in one segment of a path or one value of a query (RFC 3986, 2.3); the rest in per cent and two digits.
  private static func percentEncoded(_ text: String) -> String {
    percentEncoded(text) { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: "-._~".utf8.contains(byte)
      }
    }
  }

  /// A header's value: controls in per cent and two digits, since a line feed would end it.
  private static func onOneLine(_ text: String) -> String { percentEncoded(text) { $0 >= 0x20 && $0 != 0x7F } }

  private static func percentEncoded(_ text: String, except isPlain: (UInt8) -> Bool) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let bytes = text.utf8.flatMap { byte in
      isPlain(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
