import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@Suite(.threaded) struct ConnectionTests {
  @Test func answersComeInOrder() throws {
    let server = try TestServer()
    #expect(try server.call("SET", "a", "1") == .status("OK"))
    #expect(try server.call("INCR", "a") == .integer(2))
    #expect(try server.call("GET", "a") == .string(Array("2".utf8)))
    #expect(try server.call("GET", "b") == .null)
    #expect(try server.call("NOSUCH").error?.code == "ERR")
    #expect(
      try server.call("EVAL", "return {1,{2,'x'},{}}", 0)
        == .array([.integer(1), .array([.integer(2), .string([120])]), .array([])]))
  }

  @Test func passwordAndDatabaseOfTheURLAreUsed() throws {
    let server = try TestServer(password: "s3cret")
    #expect(try server.call("PING") == .status("PONG"))
  }

  @Test func entriesPassWithTheirStreamAndChannel() throws {
    let server = try TestServer()
    _ = try server.call("XADD", "a", "1-1", "__data__", "one")
    _ = try server.call("XADD", "a", "2-1", "channel", "agent.x", "__data__", "two")
    _ = try server.call("XADD", "b", "3-1", "__data__", "three", "channel", "agent.y")
    _ = try server.call("XADD", "b", "4-1", "entity_id", "z", "error_rate", "0.5")
    var seen: [String] = []
    let assembler = EntryAssembler(.read, streams: [Array("a".utf8), Array("b".utf8)]) { entry in
      let payload = entry.payload.map { String(decoding: $0, as: UTF8.self) } ?? "-"
      let fields = entry.fields.map { String(decoding: $0.name + [61] + $0.value, as: UTF8.self) }
      let channel = String(decoding: entry.channel, as: UTF8.self)
      seen.append("\(entry.stream) \(entry.id) \(payload) \(channel) \(fields.joined(separator: ","))")
    }
    var isDone = false
    let link = Link(loop: server.loop, endpoint: server.endpoint) { notice in
      guard case .up(let connection) = notice else { return }
      connection.send(Request("XREAD", "STREAMS", "a", "b", "0", "0"), expecting: .entries(assembler)) { _ in
        isDone = true
      }
    }
    link.start()
    try server.wait { isDone }
    #expect(
      seen == [
        "0 1-1 one  ", "0 2-1 two agent.x ", "1 3-1 three agent.y ", "1 4-1 -  entity_id=z,error_rate=0.5",
      ])
    link.stop()
  }

  @Test func messagesPassWithTheirChannel() throws {
    let server = try TestServer()
    var seen: [String] = []
    var isSubscribed = false
    let receiver = MessageReceiver(confirmed: { isSubscribed = true }) { channel, payload in
      seen.append(String(decoding: channel, as: UTF8.self) + " " + String(decoding: payload, as: UTF8.self))
    }
    let link = Link(loop: server.loop, endpoint: server.endpoint) { notice in
      if case .up(let connection) = notice {
        connection.subscribe(channels: [Array("m".utf8)], patterns: [Array("agent.*".utf8)], receiver)
      }
    }
    link.start()
    try server.wait { isSubscribed }
    #expect(try server.call("PUBLISH", "agent.metrics", "hello") == .integer(1))
    #expect(try server.call("PUBLISH", "m", "") == .integer(1))
    try server.wait { seen.count == 2 }
    #expect(seen == ["agent.metrics hello", "m "])
    link.stop()
  }

  @Test func scriptIsLoadedAgainAfterTheServerForgotIt() throws {
    let server = try TestServer()
    let script = Script("return ARGV[1]")
    var answers: [String?] = []
    var connection: Connection?
    let link = Link(loop: server.loop, endpoint: server.endpoint) { notice in
      if case .up(let fresh) = notice { connection = fresh }
    }
    link.start()
    try server.wait { connection != nil }
    for round in 1...3 {
      script.run(on: connection!, keys: [], arguments: EncodedArguments(round)) { answers.append(try? $0.get().text) }
      try server.wait { answers.count == round }
      if round == 2 { _ = try server.call("SCRIPT", "FLUSH") }
    }
    #expect(answers == ["1", "2", "3"])
    link.stop()
  }

  @Test func linkComesBackAfterTheServerWasAway() throws {
    let first = try TestServer()
    var ups = 0
    var downs = 0
    let link = Link(loop: first.loop, endpoint: first.endpoint) { notice in
      switch notice {
      case .up: ups += 1
      case .down: downs += 1
      }
    }
    link.start()
    try first.wait { ups == 1 }
    first.server.stop()
    try first.wait { downs >= 2 }
    let second = try TestServer(port: first.server.port)
    try first.wait { ups == 2 }
    link.stop()
    #expect(second.server.isRunning)
  }
}
