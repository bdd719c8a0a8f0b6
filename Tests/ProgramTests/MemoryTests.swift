import Glibc
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// Whatever is published: a handler and a console each stay under 250 MB.
@Suite(.serialized, .threaded) struct MemoryTests {
  private static let most = 250

  /// Ways to make somebody else's memory grow. Each is a script that adds to the stream, or publishes; `ARGV[1]` is a number
  /// that is another each time, and it is run so many times.
  enum Attack: String, CaseIterable {
    case reportsOfLongCommands, lettersOfManyBytes, longIDs, idsThatLeaveMarks, longMessagesInEachField, manyAgents
    case eventIDs, unreadable, unreadableOnChannels, manySmallValues, longMessagesOnChannels

    private var prelude: String {
      """
      local function add(id, kind, data, more)
        redis.call('XADD', KEYS[1], '*', '__data__',
          '{"entity_id":"' .. id .. '","event_type":"agent.' .. kind .. '"' .. (more or '') .. ',"data":{' .. data .. '}}')
      end
      local big = string.rep('x', 1900000)
      local n = tonumber(ARGV[1])

      """
    }

    var script: String {
      prelude
        + { () -> String in
          switch self {
          case .reportsOfLongCommands:
            "for i = 1, 10 do add('a', 'status', '\"state\":\"running\",\"command_id\":\"' .. n .. i .. big .. '\"') end"
          case .lettersOfManyBytes:
            "local e = 'e' .. string.rep('\\204\\129', 50000) for i = 1, 20 do add('a' .. n .. '-' .. i, 'created', "
              + "'\"name\":\"' .. e .. '\",\"role\":\"' .. e .. '\",\"skills\":[\"' .. e .. '\",\"' .. e .. '\"]') end"
          case .longIDs: "for i = 1, 6 do add(n .. '-' .. i .. string.rep('i', 500000), 'metrics', '') end"
          case .idsThatLeaveMarks:
            "for i = 1, 5 do add(n .. '-' .. i .. string.rep('i', 200000), 'performance_degraded', '\"error_rate\":0.9') end"
          case .longMessagesInEachField:
            "add('b', 'security_alert', '\"alert_type\":\"' .. big .. '\",\"risk_level\":\"high\"') "
              + "add('b', 'satisfaction_low', '\"main_complaints\":[\"' .. big .. '\"]') "
              + "add('b', 'feedback', '\"rating\":1,\"text\":\"' .. big .. '\"') "
              + "add('b', 'health_critical', '\"issues_detected\":[\"' .. big .. '\"],\"health_score\":0.1') "
              + "add('b', 'other' .. n, '\"x\":\"' .. big .. '\"')"
          case .manyAgents:
            "for i = 1, 4000 do add(n .. '-' .. i .. string.rep('i', 480), 'updated', '\"name\":\"' .. "
              + "string.rep('n', 300) .. '\",\"role\":\"r' .. i .. '\",\"error_rate\":0.06') end"
          case .eventIDs:
            "for i = 1, 10000 do add('c', 'metrics', '', ',\"event_id\":\"' .. n .. '-' .. i .. string.rep('e', 500) .. '\"') "
              + "end"
          case .unreadable: "for i = 1, 10 do redis.call('XADD', KEYS[1], '*', '__data__', n .. i .. big) end"
          case .unreadableOnChannels: "for i = 1, 10 do redis.call('PUBLISH', 'agent.metrics', n .. i .. big) end"
          case .manySmallValues:
            "for i = 1, 10 do add('d', 'performance_degraded', '\"error_rate\":0.9,\"x\":[' .. "
              + "string.rep('[[],{\"\":\"a\"}],', 100000) .. n .. i .. ']') end"
          case .longMessagesOnChannels:
            "for i = 1, 10 do redis.call('PUBLISH', 'agent.feedback', '{\"entity_id\":\"f\",\"event_type\":\"feedback\",'"
              + " .. '\"data\":{\"rating\":1,\"text\":\"' .. n .. i .. big .. '\"}}') end"
          }
        }()
    }

    var rounds: Int {
      switch self {
      // More than a fleet keeps.
      case .manyAgents: 10
      case .eventIDs: 60
      case .longIDs, .idsThatLeaveMarks: 40
      case .reportsOfLongCommands, .lettersOfManyBytes, .longMessagesInEachField, .unreadable, .unreadableOnChannels,
        .manySmallValues, .longMessagesOnChannels:
        25
      }
    }
  }

  @Test(arguments: Attack.allCases)
  func handlerAndConsoleStayWithinTheirMemory(attack: Attack) throws {
    let server = try TestServer()
    _ = try server.call("SET", Keys().automation, "dry")
    let handler = try Program([], on: server.endpoint, name: "vigia-handler")
    let console = try PtyProgram([], on: server.endpoint)
    try server.wait {
      console.pump()
      return console.text.contains("live") && ((try? server.call("EXISTS", Keys().lease)) == .integer(1))
    }
    for round in 1...attack.rounds {
      _ = try server.call("EVAL", attack.script, "1", Keys().events, "\(round)")
      console.pump()
      // The server's memory is not what is looked at.
      _ = try server.call("XTRIM", Keys().events, "MAXLEN", "~", 20_000)
    }
    // An agent that comes last is known to both once they are through.
    let last = #"{"entity_id":"00-the-end","event_type":"agent.security_alert","data":{"risk_level":"critical"}}"#
    _ = try server.call("XADD", Keys().events, "*", "__data__", last)
    try server.loop.wait(seconds: 120) {
      console.pump()
      return (try? server.call("HEXISTS", Keys().alerts, "agent.security_alert/00-the-end")) == .integer(1)
    }
    try server.loop.wait(seconds: 120) {
      console.pump()
      return console.text.contains("00-the-end")
    }
    #expect(peak(handler.child.pid) < Self.most, "the handler")
    #expect(peak(console.pid) < Self.most, "the console")
    handler.child.end(9)
  }

  /// The most that a process ever held, in MB.
  private func peak(_ pid: pid_t) -> Int {
    guard let file = fopen("/proc/\(pid)/status", "r") else { return .max }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let length = fread(&bytes, 1, bytes.count, file)
    let line = String(decoding: bytes.prefix(length), as: UTF8.self).split(separator: "\n").first {
      $0.hasPrefix("VmHWM:")
    }
    let kilobytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
    return kilobytes.map { $0 / 1024 } ?? .max
  }
}
