import FleetModel
import Loop
import Redis
import TestSupport
import Wire

/// Events of the agent in the first row, each with another response time, that are looked for on the screen.
final class EventProbe {
  private let server: TestServer
  private let console: ConsoleChild
  private var shown = 345

  init(_ server: TestServer, _ console: ConsoleChild) throws {
    self.server = server
    self.console = console
    // Its error rate makes it the worst; where it is put in order is a matter of seconds.
    try publish(shown)
    try console.wait(for: "probe")
    server.loop.turn(forMilliseconds: 6000)
  }

  /// Milliseconds from just before an event is sent to its number on the terminal.
  func measure() throws -> Double {
    shown = next(shown)
    console.forget()
    let sent = MonotonicTime.now
    let isPublished = try start(shown)
    try console.wait("show \(shown)") { console.wrote("\(shown)") }
    let seen = console.wroteAt
    try server.wait(isPublished)
    return seen.milliseconds(since: sent)
  }

  /// Another number of three digits, all of which change, so that all are written. No column and no colour has a number
  /// as high.
  private func next(_ number: Int) -> Int {
    while true {
      let candidate = Int.random(in: 300...999)
      if zip("\(candidate)", "\(number)").allSatisfy({ $0 != $1 }) { return candidate }
    }
  }

  private func publish(_ number: Int) throws { try server.wait(try start(number)) }

  private func start(_ number: Int) throws -> () -> Bool {
    let body: JSONValue = [
      "entity_id": "probe", "event_type": "metrics",
      "data": ["error_rate": 0.9, "response_time": .integer(Int64(number))],
    ]
    return try server.start("XADD", "agentos:events", "*", "__data__", body.encoded)
  }
}
