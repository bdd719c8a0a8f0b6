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

  package static let places: [Place] = {
    let kept: [(String, Place.Kind)] = [
      ("agent:garbage", .hash), ("control", .stream), ("audit", .stream), ("alerts", .hash), ("schedule", .zset),
      ("blocked", .zset), ("proposals", .hash), ("profiles", .hash), ("notices", .hash), ("reports", .stream),
      ("dead", .stream), ("handler", .string), ("fence", .string), ("cursor", .hash), ("automation", .string),
      ("events", .stream), ("commands", .stream), ("commands:garbage", .stream), ("insight", .hash),
      ("insight:changed", .zset), ("insight:record", .hash), ("budgets", .hash), ("budgets:groups", .hash),
      ("levels", .string), ("queues", .string), ("queues:hands", .hash), ("waiting", .hash), ("handoffs", .hash),
      ("waiting:state", .string), ("tuning", .hash), ("load", .hash),
    ]
    let marks: [(String, Place.Kind)] = [
      ("garbage", .string), ("garbage/garbage", .string), ("batch/garbage", .hash), ("obeyed/garbage", .set),
      ("notices/undelivered", .zset), ("rules/tally", .hash), ("rules/uncleared", .hash), ("rules/paused", .zset),
      ("rules/paused/changes", .string), ("rules/pauses/garbage", .zset), ("rules/standing-in/garbage", .set),
      ("rules/blocks", .zset), ("rules/scaled-up/garbage", .string), ("paused/r", .zset),
      ("throttle/0/odd/garbage", .string), ("throttle/fleet", .string), ("asked/fleet", .string),
      ("for/odd/garbage", .string), ("limit/odd/garbage", .string), ("rate/odd", .string),
      ("held/odd/garbage", .string), ("proposed/ask/garbage", .string), ("proposed/rest/odd/garbage", .string),
    ]
    return (kept + marks.map { ("mark:\($0.0)", $0.1) }).map { Place(name: $0.0, kind: $0.1) }
  }()

  /// Rules that read and write all marks that rules have.
  package static let garbageRunbook = """
    [guards]
    blocks_per_hour = 100000
    commands_per_minute = 100000

    [[rules]]
    id = "odd"
    on = "agent.security_alert"
    for = { count = 1, within = "1m" }
    throttle = [
      { once_within = "1s", per = "agent" }, { once_within = "1s", per = "fleet" }, { once_after = "1s", per = "fleet" },
    ]
    limits = { per_agent = { count = 1000, within = "1m" }, rate = { count = 1000, within = "1m" } }
    do = [
      { action = "pause", for = "15m" },
      { action = "scale", by = "+1" },
      { action = "block_ip", each = "data.suspicious_ips", ip = "{item}", for = "1h" },
      { action = "report", name = "odd" },
    ]

    [[rules]]
    id = "ask"
    on = "agent.security_alert"
    mode = "approve"
    clear = "metric.error_rate < 0.1"
    do = [{ action = "report", name = "ask" }]
    """

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
    try befall(place, "as a \(kind)", needle: Self.told.contains(place.name) ? place.name : nil) { key in
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
    try befall(place, "holding \(text.prefix(40))", needle: Self.needle(place, text)) { key in
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
    let isTold = ["audit", "control"].contains(place.name)
    try befall(place, "out of ids", needle: isTold ? place.name : nil) { key in
      _ = try server.call("XADD", key, "18446744073709551615-18446744073709551615", Keys.dataField, "{}")
    }
  }

  /// Where a value of another type is in the way of what is done here. In the other places nothing reads or writes it, or
  /// the step takes what stands there for one more value (`rules/paused/changes`).
  private static let told: Set<String> = {
    let marks = [
      "garbage", "garbage/garbage", "rules/tally", "rules/uncleared", "rules/paused", "rules/pauses/garbage",
      "rules/standing-in/garbage", "rules/blocks", "rules/scaled-up/garbage", "throttle/0/odd/garbage",
      "throttle/fleet", "asked/fleet", "for/odd/garbage", "limit/odd/garbage", "rate/odd", "held/odd/garbage",
      "proposed/ask/garbage", "proposed/rest/odd/garbage",
    ].map { "mark:" + $0 }
    let others = [
      "agent:garbage", "control", "audit", "alerts", "schedule", "blocked", "proposals", "profiles", "handler", "fence",
      "cursor", "commands", "notices", "automation",
    ]
    return Set(marks + others)
  }()

  /// What log, audit or dead letters must say of a text that cannot mean anything in a place; nil if it can, or if nobody
  /// reads it there.
  private static func needle(_ place: Place, _ text: String) -> String? {
    let isNumber = text == texts[0]
    switch place.name {
    case "agent:garbage": return text.isEmpty ? nil : "of an agent's record in Redis is not understood"
    case "alerts": return "an alert in Redis is not understood"
    case "schedule": return "a job of the schedule is not understood"
    case "proposals": return text.isEmpty ? nil : "the proposal cannot be read"
    case "profiles": return "an agent's profile in Redis is not understood"
    case "notices": return "a notice is not understood"
    case "fence": return isNumber ? "cannot take the lease" : "the fence held no number"
    // A number is an id, of the far future.
    case "cursor": return isNumber ? "the server went back" : "how far events were read in Redis is not understood"
    case "budgets", "budgets:groups": return "what was used of a budget in Redis is not understood"
    case "automation": return "the switch of automation in Redis is not understood"
    case "events", "commands", "commands:garbage": return "agentos:\(place.name)"
    // 1 more than the least number is a number.
    case "mark:rules/tally": return text == texts[1] ? nil : "mark:rules/tally"
    case "mark:rules/uncleared": return "no rule of the runbook clears"
    case "mark:garbage": return text.isEmpty || text.contains("\"action\"") ? nil : "mark:garbage"
    case "mark:garbage/garbage": return text.isEmpty ? nil : "mark:garbage/garbage"
    case "mark:held/odd/garbage", "mark:throttle/0/odd/garbage", "mark:throttle/fleet", "mark:asked/fleet",
      "mark:for/odd/garbage",
      "mark:limit/odd/garbage", "mark:rate/odd":
      return text.isEmpty ? nil : place.name
    default: return nil
    }
  }

  private static func fields(of place: Place) -> [String] {
    switch place.name {
    case "alerts": ["agent.security_alert/garbage", "escalation/garbage", "garbage"]
    case "cursor": ["agentos:events", "agentos:events#added", "agentos:events#reports", "agentos:commands#lost"]
    case "notices": ["1-1", "9223372036854775807-9223372036854775807", "group/high/x/y"]
    case "agent:garbage":
      ["state", "version", "replicas", "memory", "cpu", "health", "rate_limit", "paused_until", "rate_limited_until"]
    case "mark:rules/tally":
      ["odd/act", "odd/throttled", "odd/guarded", "ask/propose", "ask/not_cleared", "ask/throttled"]
    default: ["garbage", "garbage/act"]
    }
  }

  /// - Parameter needle: what is to be said of it; nil if nothing need be.
  private func befall(
    _ place: Place, _ what: String, needle: String?, _ plant: (_ key: [UInt8]) throws -> Void
  ) throws {
    let key = Array("agentos:\(place.name)".utf8)
    handler?.end(9)
    _ = try server.call("DEL", keys.lease, keys.mark("garbage"), keys.mark("garbage/garbage"))
    _ = try server.call("SET", keys.automation, "on")
    try plant(key)
    let said = try Said(self)
    let (start, calls) = (MonotonicTime.now, try server.callCount())
    try startHandler(waits: false)
    try ask()
    // Long enough for what asks without a pause to be seen.
    try wait("a look at \(place) \(what)") { MonotonicTime.now.milliseconds(since: start) > 700 }
    if let needle {
      try wait("\(needle) to be said of \(place) \(what); said is \((try? said.since(self)) ?? "")") {
        (try? said.since(self).contains(needle)) == true
      }
    }
    let seconds = MonotonicTime.now.milliseconds(since: start) / 1000
    let asked = try server.callCount() - calls
    guard Double(asked) < 3000 + 1000 * seconds else {
      throw Fault(
        description: "\(place) \(what): \(asked) commands in \(seconds) s; said is \(try said.since(self).prefix(2000))"
      )
    }
    guard handler?.isRunning == true else {
      throw Fault(description: "\(place) \(what): the handler ended; said is \(try said.since(self).suffix(2000))")
    }
    _ = try server.call("DEL", key)
    try recover("\(place) \(what)")
  }

  /// What handlers say from a moment on: in the log, in the audit, and with what they put aside.
  private struct Said {
    private let logged: Int
    private let last: [[UInt8]: String]

    init(_ chaos: Chaos) throws {
      logged = chaos.logged.utf8.count
      var last: [[UInt8]: String] = [:]
      for stream in [chaos.keys.audit, chaos.keys.dead] {
        // Where a value of another type stands nothing can be said.
        last[stream] =
          try chaos.server.call("XREVRANGE", stream, "+", "-", "COUNT", 1).elements?.first?.elements?.first?
          .text ?? "0"
      }
      self.last = last
    }

    func since(_ chaos: Chaos) throws -> String {
      var words = String(decoding: Array(chaos.logged.utf8.dropFirst(logged)), as: UTF8.self)
      for (stream, last) in last {
        for entry in try chaos.server.call("XRANGE", stream, "(\(last)", "+", "COUNT", 200).elements ?? [] {
          for (name, value) in entry.elements?.last?.pairs ?? [] where value.count < 10_000 {
            words += "\(String(decoding: name, as: UTF8.self))=\(String(decoding: value, as: UTF8.self))\n"
          }
        }
      }
      return words
    }
  }

  /// Has commands and events come that touch every stored value. Some can't be sent, or will fail.
  private func ask() throws {
    let agent = AgentID("garbage")
    func number() -> String { "\(MonotonicTime.now.nanoseconds)" }
    try? publish("garbage", .pause, agent)
    try? publish("limit-\(number())", .rateLimit, agent, ["per_minute": "60", "for": "1h"])
    try? publish("call-\(number())", .escalate, agent, ["to": "team", "severity": "high"])
    try? publish("block-\(number())", .blockIP, .none, ["ip": "192.0.2.7", "for": "1h"])
    try? publish("answer-\(number())", .approve, .none, ["proposal": "garbage", "sha256": "x"])
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
