import FleetModel
import TestSupport
import Wire

/// Texts that would steer a terminal if they reached it as they are, and a server full of them.
enum HostileText {
  /// Each byte alone, C1 controls as UTF-8, bidi controls, tags, separators, joiners, selectors, and whole sequences.
  static let pieces: [[UInt8]] = {
    let scalars: [ClosedRange<UInt32>] = [
      0x80...0x9F, 0x61C...0x61C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFE00...0xFE0F, 0xFEFF...0xFEFF,
      0xFFF9...0xFFFB, 0xE0001...0xE0001, 0xE0020...0xE0024, 0xE007E...0xE007F, 0x1F3FB...0x1F3FF,
    ]
    let sequences = [
      "\u{1B}]0;owned\u{7}", "\u{1B}[2J\u{1B}[H", "\u{1B}[6n", "\u{1B}P$qm\u{1B}\\", "\u{1B}]52;c;eQ==\u{7}",
      "\u{9B}5n",
      "\u{1B}[?1049l", "\u{1B}c", "\r\n\r\n", "\u{1B}[201~q", "👩\u{200D}👧", "⚠\u{FE0F}",
      "e\u{301}\u{302}\u{303}\u{304}",
    ]
    return (UInt8.min...UInt8.max).map { [$0] }
      + scalars.flatMap { range in range.compactMap { Unicode.Scalar($0).map { Array(String($0).utf8) } } }
      + sequences.map { Array($0.utf8) }
  }()

  /// The pieces in texts short enough to be shown whole.
  static let texts: [[UInt8]] = stride(from: 0, to: pieces.count, by: 16).map { start in
    Array(pieces[start..<min(start + 16, pieces.count)].joined(separator: [UInt8(ascii: ".")]))
  }

  /// A JSON string of these bytes: controls escaped, or just as they are.
  static func json(_ bytes: [UInt8], isEscaped: Bool = true) -> [UInt8] {
    var text: [UInt8] = [UInt8(ascii: "\"")]
    for byte in bytes {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        text += [UInt8(ascii: "\\"), byte]
      } else if byte < 0x20, isEscaped {
        text += Array("\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
      } else {
        text.append(byte)
      }
    }
    return text + [UInt8(ascii: "\"")]
  }

  /// Every kind of event with every field that holds text; `%` stands for the text.
  private static let events = [
    ("created", #"{"name":N,"role":%,"tier":%,"llm_model":%,"default_language":%,"skills":[%],"languages":[%]}"#),
    ("metrics", #"{"error_rate":0.3,"queue_size":9,%:1,"note":%}"#),
    ("status", #"{"state":%,"command_id":%}"#),
    ("feedback", #"{"conversation_id":%,"rating":2,"text":%}"#),
    ("performance_degraded", #"{"error_rate":0.4,"response_time":9000,"note":%}"#),
    ("high_traffic", #"{"messages_per_minute":900,"queue_size":80,"note":%}"#),
    ("satisfaction_low", #"{"avg_rating":1.2,"main_complaints":[%,%],"conversation_ids":[%]}"#),
    ("security_alert", #"{"alert_type":%,"attempts_count":9,"suspicious_ips":[%,"10.0.0.1"],"risk_level":"high"}"#),
    ("health_critical", #"{"health_score":0.1,"issues_detected":[%],"suggested_actions":[%]}"#),
    ("predictive_alert", #"{"predictions":[{"issue":%,"metric":%}],"confidence":0.9,"recommended_actions":[%]}"#),
    ("handoff_requested", #"{"conversation_id":%,"skill":%,"language":%,"context":{%:%},"history":[%]}"#),
    ("deleted_not", #"{%:%}"#),
  ]

  static func id(_ number: Int) -> [UInt8] { Array("n\(number)x".utf8) + texts[number] }

  /// Fills the stream of events, the audit, the alerts, records and the lease.
  static func fill(_ server: TestServer) throws {
    for number in texts.indices {
      for isEscaped in [false, true] { try addEvents(number, isEscaped: isEscaped, to: server) }
      try addRecords(number, to: server)
    }
    let lease = Lease(
      id: String(decoding: texts[1] + texts[18], as: UTF8.self), fence: 1, isRecording: true,
      since: Instant(milliseconds: 0))
    _ = try server.call("SET", "agentos:handler", LeaseCoding.encode(lease))
  }

  private static func addEvents(_ number: Int, isEscaped: Bool, to server: TestServer) throws {
    let text = json(texts[number], isEscaped: isEscaped)
    let id = json(id(number), isEscaped: isEscaped)
    for (type, data) in events {
      var body = Array(#"{"entity_id":"#.utf8) + id + Array(#","event_type":"agent.\#(type)","event_id":"#.utf8)
      body += json(Array("\(number)\(type)\(isEscaped)".utf8) + texts[number], isEscaped: isEscaped)
      body += Array(#","source":"#.utf8) + text + Array(#","data":"#.utf8)
      for byte in data.utf8 {
        if byte == UInt8(ascii: "%") {
          body += text
        } else if byte == UInt8(ascii: "N") {
          body += id
        } else {
          body.append(byte)
        }
      }
      _ = try server.call("XADD", "agentos:events", "*", "__data__", body + [UInt8(ascii: "}")])
    }
    let named = Array(#"{"entity_id":"#.utf8) + id + Array(#","event_type":"#.utf8)
    let odd = named + json(Array("agent.".utf8) + texts[number], isEscaped: isEscaped) + [UInt8(ascii: "}")]
    _ = try server.call("XADD", "agentos:events", "*", "__data__", odd, "channel", Array("agent.".utf8) + texts[number])
    _ = try server.call("XADD", "agentos:events", "*", "__data__", texts[number])
    _ = try server.call("XADD", "agentos:events", "*", "entity_id", self.id(number), texts[number], texts[number])
  }

  private static func addRecords(_ number: Int, to server: TestServer) throws {
    let (text, id) = (json(texts[number]), json(id(number)))
    func join(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }
    func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    for phase in ["received", "rejected", "succeeded"] {
      for target in [id, bytes("\"\"")] {
        let line = join(
          bytes(#"{"command_id":"c\#(number)","phase":"\#(phase)","action":"#),
          phase == "received" ? bytes(#""pause""#) : text,
          bytes(#","target":"#), target, bytes(#","operator":"#), text, bytes(#","reason":"#), text,
          bytes(#","detail":{"why":"#), text, bytes(#"},"handler":"#), text, bytes(#","source":"#), text,
          bytes(#","rule":"#), text, bytes(#","at":"2026-11-22T08:00:00.000Z"}"#))
        _ = try server.call("XADD", "agentos:audit", "*", "__data__", line)
      }
    }
    let alert = join(
      bytes(
        #"{"severity":"high","count":3,"since":"2026-11-22T08:00:00.000Z","last":"2099-11-22T08:00:00.000Z","who":"#),
      text, bytes(#","ack":"2026-11-22T08:00:00.000Z","note":"#), text, bytes(#","summary":"#), text, bytes("}"))
    let name = number % 2 == 0 ? bytes("escalation/") : bytes("agent.security_alert/")
    _ = try server.call("HSET", "agentos:alerts", name + self.id(number), alert)
    _ = try server.call(
      "HSET", bytes("agentos:agent:") + self.id(number), "state", "paused", "version", 3, "updated_by", texts[number],
      "backup", self.id(number), "replicas", texts[number])
  }
}
