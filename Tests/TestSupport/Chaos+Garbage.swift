import FleetModel
import Loop
import Redis
import Wire

/// Values that nobody who knows the wire would write, in every place where something is stored: no handler and no console
/// ends by them, nobody asks the server without a pause, and the log names the key.
extension Chaos {
  /// Something stored: a key behind the prefix, and the type that it has.
  package struct Place: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, CaseIterable, Sendable { case string, list, hash, set, zset, stream }

    package var name: String
    package var kind: Kind
    package var description: String { name }
  }

  package static let places: [Place] = [
    .init(name: "agent:garbage", kind: .hash), .init(name: "control", kind: .stream),
    .init(name: "audit", kind: .stream), .init(name: "alerts", kind: .hash), .init(name: "schedule", kind: .zset),
    .init(name: "blocked", kind: .zset), .init(name: "proposals", kind: .hash), .init(name: "profiles", kind: .hash),
    .init(name: "notices", kind: .hash), .init(name: "reports", kind: .stream), .init(name: "dead", kind: .stream),
    .init(name: "handler", kind: .string), .init(name: "fence", kind: .string), .init(name: "cursor", kind: .hash),
    .init(name: "automation", kind: .string), .init(name: "events", kind: .stream),
    .init(name: "commands", kind: .stream), .init(name: "mark:rules/tally", kind: .hash),
    .init(name: "mark:rules/uncleared", kind: .hash), .init(name: "mark:notices/undelivered", kind: .zset),
    .init(name: "mark:garbage/garbage", kind: .string),
  ]

  /// Texts in the place of what belongs there.
  package static let texts: [String] = {
    let at = #""since":"9999-12-31T23:59:59.999Z","last":"0001-01-01T00:00:00.000Z""#
    let big = "9223372036854775807"
    return [
      big, "-9223372036854775808", "1e308", "NaN", "", String(repeating: "x", count: 1 << 20), #"{"broken":"#,
      String(repeating: "[", count: 100_000), #"{"severity":"high","count":\#(big),\#(at)}"#,
      #"{"id":"x","fence":\#(big),"recording":true,"since":1e15,"protocol":-\#(big)}"#,
      #"{"action":"rule","target":"garbage","args":{"run":"x","part":"do","place":\#(big)}}"#,
      #"{"phase":"started","why":"x","blocked_until":\#(big),"before":{"version":\#(big)}}"#,
    ]
  }()

  /// Puts garbage of another type in a place.
  package func run(_ place: Place, as kind: Place.Kind) throws {
    try befall(place, "as a \(kind)", isToBeTold: Self.told.contains(place.name)) { key in
      _ = try server.call("DEL", key)
      switch kind {
      case .string: _ = try server.call("SET", key, "garbage")
      case .list: _ = try server.call("RPUSH", key, "garbage")
      case .hash: _ = try server.call("HSET", key, "garbage", "garbage")
      case .set: _ = try server.call("SADD", key, "garbage")
      case .zset: _ = try server.call("ZADD", key, 1, "garbage")
      case .stream: _ = try server.call("XADD", key, "*", "garbage", "garbage")
      }
    }
  }

  /// Puts a text in the place of a value: of a string in its stead, of anything else beside what is there.
  package func run(_ place: Place, holding text: String) throws {
    try befall(place, "holding \(text.prefix(40))", isToBeTold: false) { key in
      switch place.kind {
      case .string: _ = try server.call("SET", key, text)
      case .list: _ = try server.call("RPUSH", key, text)
      case .hash: for field in Self.fields(of: place) { _ = try server.call("HSET", key, field, text) }
      case .set: _ = try server.call("SADD", key, text)
      case .zset: for score in ["-inf", "0", "1e308", "inf"] { _ = try server.call("ZADD", key, score, text + score) }
      case .stream: _ = try server.call("XADD", key, "*", Keys.dataField, text)
      }
    }
  }

  /// The last entry has the last id that there is.
  package func exhaust(_ place: Place) throws {
    // Into the others nothing is written here.
    try befall(place, "out of ids", isToBeTold: ["audit", "control"].contains(place.name)) { key in
      _ = try server.call("XADD", key, "18446744073709551615-18446744073709551615", Keys.dataField, "{}")
    }
  }

  /// Where a value of another type is in the way of the commands that are sent.
  private static let told: Set<String> = [
    "agent:garbage", "control", "audit", "alerts", "schedule", "blocked", "proposals", "profiles", "handler", "fence",
    "cursor", "commands", "notices", "mark:rules/uncleared",
  ]

  private static func fields(of place: Place) -> [String] {
    switch place.name {
    case "alerts": ["agent.security_alert/garbage", "escalation/garbage", "garbage"]
    case "cursor": ["agentos:events", "agentos:events#added", "agentos:events#reports", "agentos:commands#lost"]
    case "notices": ["1-1", "9223372036854775807-9223372036854775807", "group/high/x/y"]
    case "agent:garbage":
      ["state", "version", "replicas", "memory", "cpu", "health", "rate_limit", "paused_until", "rate_limited_until"]
    default: ["garbage", "garbage/act"]
    }
  }

  private func befall(
    _ place: Place, _ what: String, isToBeTold: Bool, _ plant: (_ key: [UInt8]) throws -> Void
  ) throws {
    let key = Array("agentos:\(place.name)".utf8)
    let before = logged.utf8.count
    handler?.end(9)
    _ = try server.call("DEL", keys.lease)
    try plant(key)
    let (start, calls) = (MonotonicTime.now, try server.callCount())
    try startHandler(waits: false)
    try ask()
    let told = { [self] in String(decoding: Array(logged.utf8.dropFirst(before)), as: UTF8.self) }
    // Long enough for what asks without a pause to be seen.
    try wait("a look at \(place) \(what)") { MonotonicTime.now.milliseconds(since: start) > 700 }
    if isToBeTold {
      try wait("a word about \(place) \(what); the log says \(told())") { told().contains(String(place.name)) }
    }
    let seconds = MonotonicTime.now.milliseconds(since: start) / 1000
    let asked = try server.callCount() - calls
    guard Double(asked) < 3000 + 1000 * seconds else {
      throw Fault(
        description: "\(place) \(what): \(asked) commands in \(seconds) s; the log says \(told().prefix(2000))")
    }
    guard handler?.isRunning == true else {
      throw Fault(description: "\(place) \(what): the handler ended; the log says \(told().suffix(2000))")
    }
    _ = try server.call("DEL", key)
    try recover("\(place) \(what)")
  }

  /// Has commands and events come that touch every stored value. Some can't be sent, or will fail.
  private func ask() throws {
    let agent = AgentID("garbage")
    try? publish("pause-\(MonotonicTime.now.nanoseconds)", .pause, agent)
    try? publish("limit-\(MonotonicTime.now.nanoseconds)", .rateLimit, agent, ["per_minute": "60", "for": "1h"])
    try? publish("call-\(MonotonicTime.now.nanoseconds)", .escalate, agent, ["to": "team", "severity": "high"])
    try? publish("block-\(MonotonicTime.now.nanoseconds)", .blockIP, .none, ["ip": "192.0.2.7", "for": "1h"])
    try? publish("answer-\(MonotonicTime.now.nanoseconds)", .approve, .none, ["proposal": "garbage", "sha256": "x"])
    for event in [
      #"{"entity_id":"garbage","event_type":"created","data":{"name":"g","is_active":true,"role":"r"}}"#,
      #"{"entity_id":"garbage","event_type":"security_alert","data":{"risk_level":"high","suspicious_ips":["192.0.2.7"]}}"#,
    ] { _ = try server.call("XADD", keys.events, "*", Keys.dataField, event) }
  }

  /// With the garbage gone a command is done once.
  private func recover(_ what: String) throws {
    let agent = next()
    try publish(agent)
    let id = "chaos-\(agent.description.dropFirst("agent-".count))"
    try wait("a command after \(what); the log says \(logged.suffix(1500))") {
      (try? lines(of: id).contains { $0.target == .none && $0.phase == .succeeded }) ?? false
    }
    try check(id, agent, "after \(what)")
  }
}
