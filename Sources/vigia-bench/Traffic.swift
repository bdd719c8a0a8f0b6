import FleetModel
import Glibc
import Redis
import Wire

/// Events as services publish them: metrics of many agents, one after the other, some 240 bytes each in FastStream's
/// binary format.
struct Traffic {
  enum Destination {
    /// Kept to about so many entries.
    case stream(limit: Int?)
    case channel
  }

  var agents = 1000
  var format = MessageFormat.binary
  var destination = Destination.stream(limit: nil)
  /// How many bytes each message is filled up to.
  var length: Int?
  /// Whether each message carries its number, in `last_hour_errors`.
  var isNumbered = false
  /// Whether each is of an agent in trouble, about which the built-in runbook has a rule.
  var isTrouble = false
  /// When the first entry came, and how many did a millisecond; nil for the server's own time.
  var past: (start: Instant, pace: Double)?

  private static let correlation = "8e29bbfc-c8b6-4e4e-9b30-e0e3fcbe8acf"

  static func agent(_ number: Int) -> AgentID { AgentID("agent-\(100_000 + number)") }

  /// The same with entries that have come evenly.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - end: the moment of the last one.
  func spread(_ count: Int, over span: TimeSpan, until end: Instant = .wallClock) -> Traffic {
    var traffic = self
    traffic.past = (end - span, Double(count) / Double(max(1, span.milliseconds)))
    return traffic
  }

  /// The JSON of an event. Nothing in it opens an alert, but where it is to.
  func body(_ number: Int, padding: Int = 0) -> JSONValue {
    // Each round differs from the one before.
    let random = number &* 2_654_435_761 >> 8 & 0xFFFF
    let padding: JSONValue? = padding > 0 ? .string(String(repeating: "x", count: padding)) : nil
    if isTrouble {
      return [
        "entity_id": .string(Self.agent(number % agents).bytes), "event_type": "performance_degraded",
        "data": [
          "error_rate": .number(0.3 + Double(random % 100) / 2500),
          "response_time": .integer(Int64(1000 + random % 900)),
          "last_hour_errors": .integer(Int64(number)), "padding": padding,
        ],
      ]
    }
    return [
      "entity_id": .string(Self.agent(number % agents).bytes), "event_type": "metrics",
      "data": [
        "error_rate": .number(Double(random % 100) / 2500), "response_time": .integer(Int64(1000 + random % 900)),
        "messages_per_minute": .integer(Int64(random % 100)), "queue_size": .integer(Int64(random % 30)),
        "last_hour_errors": isNumbered ? .integer(Int64(number)) : nil,
        "padding": padding,
      ],
    ]
  }

  /// The message with a number, as it is published.
  func message(_ number: Int) -> [UInt8] {
    let plain = encode(number, padding: 0)
    guard let length, plain.count < length else { return plain }
    // The first letter of padding brings its member's name.
    let name = encode(number, padding: 1).count - plain.count - 1
    return encode(number, padding: max(1, length - plain.count - name))
  }

  private func encode(_ number: Int, padding: Int) -> [UInt8] {
    EventEncoding.encode(body(number, padding: padding), as: format, correlationID: Self.correlation)
  }

  /// The request that publishes it.
  func request(_ number: Int) -> Request {
    switch destination {
    case .channel: Request("PUBLISH", "agent.metrics", message(number))
    case .stream(nil): Request("XADD", Keys().events, id(number), Keys.dataField, message(number))
    case .stream(let limit?):
      Request("XADD", Keys().events, "MAXLEN", "~", limit, id(number), Keys.dataField, message(number))
    }
  }

  private func id(_ number: Int) -> String {
    guard let past else { return "*" }
    return "\(past.start.milliseconds + Int64(Double(number) / past.pace))-*"
  }
}

extension Instant {
  /// The machine's own time, which is that of a server on it.
  static var wallClock: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
