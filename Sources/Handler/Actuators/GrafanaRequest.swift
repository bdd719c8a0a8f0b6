import Automation
import FleetModel
import HTTP
import Redis
import Wire

/// Requests of Grafana's HTTP API.
enum GrafanaRequest {
  static func make(_ method: String, _ path: String, _ body: JSONValue? = nil, of service: GrafanaService)
    -> HTTPRequest
  {
    var headers = [HTTPRequest.Header("Authorization", "Bearer \(service.token)"), .init("Accept", "application/json")]
    if body != nil { headers.append(.init("Content-Type", "application/json")) }
    return HTTPRequest(
      method: method, url: service.url + path, headers: headers, body: body?.encoded, timeout: service.timeout)
  }
}

/// What an answer of Grafana means that is not the one which was hoped for.
enum GrafanaAnswer: Equatable {
  /// The same request would be refused again.
  case refused(String)
  /// Nobody knows whether it has arrived: the same once more, after the span that Grafana asks for.
  case none(String, TimeSpan?)

  init(_ result: HTTPResult) {
    switch result {
    case .failed(let failure): self = .none(failure.reason, nil)
    case .response(let response):
      let words = "Grafana: \(response.words)"
      switch response.status {
      case 408, 425, 429, 500...: self = .none(words, response.retryAfter(at: LocalClock.now))
      default: self = .refused(words)
      }
    }
  }
}
