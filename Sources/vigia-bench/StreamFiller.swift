import FleetModel
import Loop
import Redis
import Wire

/// Fills the stream of events with metrics of many agents, some 250 bytes each.
enum StreamFiller {
  static func fill(_ endpoint: Endpoint, on loop: Loop, entries: Int, agents: Int, format: MessageFormat) throws {
    var isDone = false
    let link = Link(loop: loop, endpoint: endpoint) { notice in
      guard case .up(let connection) = notice else { return }
      connection.send(Request("FLUSHALL"))
      var number = 0
      func batch() {
        for _ in 0..<min(1000, entries - number) {
          let payload = EventEncoding.encode(
            body(number, agent: number % agents), as: format, correlationID: correlation)
          connection.send(Request("XADD", "agentos:events", "*", "__data__", payload))
          number += 1
        }
        connection.send(Request("PING")) { _ in if number < entries { batch() } else { isDone = true } }
      }
      batch()
    }
    link.start()
    while !isDone { loop.turn() }
    link.stop()
  }

  private static let correlation = "8e29bbfc-c8b6-4e4e-9b30-e0e3fcbe8acf"

  private static func body(_ number: Int, agent: Int) -> JSONValue {
    [
      "entity_id": .string("agent-\(100_000 + agent)"), "event_type": "metrics",
      "data": [
        "error_rate": .number(Double(number % 100) / 2500), "response_time": .integer(Int64(300 + number % 900)),
        "messages_per_minute": .integer(Int64(number % 240)), "queue_size": .integer(Int64(number % 30)),
      ],
    ]
  }
}
