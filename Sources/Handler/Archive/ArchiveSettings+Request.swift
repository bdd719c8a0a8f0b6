import FleetModel
import HTTP

extension ArchiveSettings {
  /// A statement, and what stands behind it, as a request. Who asks stands in headers, and never in the URL.
  ///
  /// - Parameter parameters: settings of the server for this statement, in this order.
  package func request(
    _ body: [UInt8], as account: Account, _ parameters: [(name: String, value: String)] = [], timeout: TimeSpan
  ) -> HTTPRequest {
    let query = parameters.map { "\($0.name)=\(Self.escaped($0.value))" }.joined(separator: "&")
    var headers = [HTTPRequest.Header("X-ClickHouse-User", account.user)]
    if !account.password.isEmpty { headers.append(HTTPRequest.Header("X-ClickHouse-Key", account.password)) }
    return HTTPRequest(
      method: "POST", url: query.isEmpty ? url : "\(url)?\(query)", headers: headers, body: body, timeout: timeout)
  }

  /// A value of a URL's query: all but letters and digits by their numbers.
  private static func escaped(_ value: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in value.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
