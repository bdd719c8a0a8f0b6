import FleetModel

/// A request to a service outside: sent once, never repeated, and no redirect of its answer followed.
package struct HTTPRequest: Equatable, Sendable {
  /// Any token; it is sent as it is written.
  package var method: String
  /// Absolute, `http` or `https`. A user and password in it become basic authentication.
  package var url: String
  /// In this order. A name given here replaces what would be sent by default.
  package var headers: [Header]
  /// Nil sends none.
  package var body: [UInt8]?
  /// How much of the body's beginning is sent; nil for all of it. So a buffer with room behind it can be sent as it is.
  package var bodyLength: Int?
  /// From the look-up of the name to the answer's last byte; a millisecond at least.
  package var timeout: TimeSpan
  /// How much of the answer's body is kept, in bytes.
  package var mostBody = HTTPRequest.usualBody

  package static let usualBody = 64 * 1024

  package struct Header: Equatable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(
    method: String = "GET", url: String, headers: [Header] = [], body: [UInt8]? = nil, timeout: TimeSpan = .seconds(10)
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
  }
}

/// How a request ended.
package enum HTTPResult: Equatable, Sendable {
  /// The service answered in full, whatever its status.
  case response(HTTPResponse)
  case failed(HTTPFailure)
}

package struct HTTPResponse: Equatable, Sendable {
  package var status: Int
  /// By lower-case name; the values of a name that came more than once are joined by `, ` (RFC 9110, 5.3). At most
  /// 64 KiB of header lines are kept.
  package var headers: [String: String] = [:]
  /// At most as much of its beginning as the request says.
  package var body: [UInt8] = []
  /// Whether there was more.
  package var isCut = false

  package init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

package struct HTTPFailure: Error, Equatable, Sendable {
  /// Operation, scheme and host, cause. It holds neither user, password, path nor query, any of which may be a secret.
  package let reason: String
  /// False only where no byte of the request can have reached the service, so that sending it again is as sending it
  /// once.
  package let mayHaveArrived: Bool

  package init(reason: String, mayHaveArrived: Bool) {
    self.reason = reason
    self.mayHaveArrived = mayHaveArrived
  }
}
