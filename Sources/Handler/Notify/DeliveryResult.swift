import FleetModel
import HTTP
import Wire

/// What an answer, or none, says of a notice that was sent; its words hold what an answer says, redacted by then.
enum DeliveryResult: Equatable {
  /// It arrived. If the service says so, the next one waits.
  case delivered(pause: TimeSpan?)
  /// Not this time. A span is the service's own, and holds for whatever it is sent; without one it is tried later and
  /// later.
  case retry(String, after: TimeSpan?)
  /// It will not take this notice, however often it is sent.
  case refused(String)
  /// There is nobody at this address any more: nothing is to be sent there.
  case endpointGone(String)

  /// As most services mean it: 2xx is done; 429, 408, 425, 5xx and a broken connection pass; anything else does not.
  ///
  /// - Parameter now: when it came.
  init(usual result: HTTPResult, at now: Instant) {
    switch result {
    case .failed(let failure): self = .retry(failure.reason, after: nil)
    case .response(let response):
      switch response.status {
      case 200..<300: self = .delivered(pause: nil)
      case 408, 425, 429, 500...: self = .retry(response.words, after: response.retryAfter(at: now))
      default: self = .refused(response.words)
      }
    }
  }
}

extension HTTPResponse {
  /// A header's number of seconds, fractions too, rounded up to the millisecond.
  func seconds(_ name: String) -> TimeSpan? { headers[name].flatMap { Double($0) }.flatMap { TimeSpan(seconds: $0) } }

  /// The body as JSON; nil if it is none.
  var json: JSONValue? { try? JSONValue.parse(body) }
}

extension TimeSpan {
  /// How long is waited before an attempt, if the service says nothing: a second at first, twice as long each time up
  /// to a minute, and somewhere in the latter half of that, so that not all come back at once.
  ///
  /// - Parameters:
  ///   - failures: how many there were, from 1.
  ///   - chance: 0..<1.
  static func backoff(after failures: Int, chance: Double) -> TimeSpan {
    let longest = min(Int64(1000) << Int64(min(max(failures, 1) - 1, 6)), 60_000)
    return TimeSpan(milliseconds: longest / 2 + Int64(Double(longest / 2) * chance))
  }
}

extension HandlerCounts.Telling {
  init(_ outcome: DeliveryResult) {
    switch outcome {
    case .delivered: self = .delivered
    case .retry: self = .retried
    case .refused: self = .refused
    case .endpointGone: self = .channelGone
    }
  }
}
