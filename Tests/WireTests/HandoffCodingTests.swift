import FleetModel
import Testing
import Wire

/// Conversations that are to change hands, on the wire.
@Suite struct HandoffCodingTests {
  private let at = Instant(milliseconds: 1_795_334_137_846)

  private func handoff() throws -> Handoff {
    var handoff = Handoff(id: try #require(Handoff.ID("c-1")), agent: "sales-1", since: at)
    (handoff.skill, handoff.language, handoff.summary) = ("legal", "pt", "asks for a contract")
    (handoff.lines, handoff.context, handoff.history) = (["user: hi"], #"{"tier":"gold"}"#, "[1]")
    handoff.offers = [
      .init(agent: "legal-1", command: CommandID("a"), until: at + .seconds(20), fault: "refused: full"),
      .init(agent: "legal-2", command: CommandID("b"), until: at + .seconds(40)),
    ]
    return handoff
  }

  private func news(_ type: String, _ data: String) throws -> HandoffNews? {
    let text = #"{"entity_id":"sales-1","event_type":"\#(type)","data":\#(data)}"#
    return try Array(text.utf8).withUnsafeBytes { bytes in
      HandoffCoding.news(of: try EventDecoder().decode(bytes, channel: nil, receivedAt: at))
    }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let whole = try handoff()
    #expect(HandoffCoding.decode(Array("c-1".utf8), HandoffCoding.encode(whole)) == whole)
    let bare = Handoff(id: whole.id, agent: "sales-1", since: at)
    #expect(HandoffCoding.decode(Array("c-1".utf8), HandoffCoding.encode(bare)) == bare)
    #expect(
      HandoffCoding.encode(bare) == Array(#"{"agent":"sales-1","since":"\#(ISO8601.format(at))"}"#.utf8))
  }

  @Test func cutHostileAndHugeValuesAreNone() throws {
    let field = Array("c-1".utf8)
    let whole = HandoffCoding.encode(try handoff())
    for length in whole.indices { #expect(HandoffCoding.decode(field, Array(whole[..<length])) == nil) }
    for text in [
      "", "[]", "{}", #"{"agent":"","since":1795334137846}"#, #"{"agent":"a","since":"soon"}"#,
      #"{"agent":"a","since":1795334137846,"offers":[{}]}"#,
      #"{"agent":"a","since":1795334137846,"offers":[{"agent":"b","command":"","until":1795334137846}]}"#,
    ] { #expect(HandoffCoding.decode(field, Array(text.utf8)) == nil, "\(text)") }
    #expect(HandoffCoding.decode([], whole) == nil && HandoffCoding.decode([0xFF], whole) == nil)
    let huge = #"{"agent":"a","since":1795334137846,"x":"\#(String(repeating: "x", count: 70_000))"}"#
    #expect(HandoffCoding.decode(field, Array(huge.utf8)) == nil)
    let odd = #"{"agent":"a","since":1795334137846,"skill":"le\u001bgal","new":{"field":[1]},"lines":[1,"x"]}"#
    let read = try #require(HandoffCoding.decode(field, Array(odd.utf8)))
    #expect(read.skill == "le gal" && read.lines == ["x"])
  }

  @Test func eventsSayWhoAsksWhoHasItAndWhoDoesNotTakeIt() throws {
    let long = String(repeating: "x", count: 5000)
    let asked = try news(
      "agent.handoff_requested",
      #"{"conversation_id":"c-1","skill":"legal","context":{"tier":"gold"},"history":["user: hi"],"summary":"s"}"#)
    guard case .requested(let handoff) = asked else {
      Issue.record("no request")
      return
    }
    #expect(handoff.agent == "sales-1" && handoff.skill == "legal" && handoff.language.isEmpty && handoff.since == at)
    #expect(
      handoff.context == #"{"tier":"gold"}"# && handoff.history == #"["user: hi"]"# && handoff.lines == ["user: hi"])
    guard
      case .requested(let more) = try news(
        "agent.handoff_requested", #"{"conversation_id":"c-1","context":"\#(long)"}"#)
    else {
      Issue.record("no request")
      return
    }
    #expect(more.context.isEmpty && !more.isUnread)
    let id = handoff.id
    #expect(
      try news("agent.handoff_accepted", #"{"conversation_id":"c-1","to":"l"}"#)
        == .accepted(id, by: "l", from: "sales-1"))
    for data in [#"{"conversation_id":"c-1","to":""}"#, #"{"conversation_id":"c-1","to":null}"#] {
      #expect(try news("agent.handoff_accepted", data) == .accepted(id, by: nil, from: "sales-1"))
    }
    // Nobody can say whose answer that is.
    for to in ["7", "[]", #"{"deep":[1]}"#, #""\#(long)""#] {
      for type in ["agent.handoff_accepted", "agent.handoff_refused"] {
        #expect(try news(type, #"{"conversation_id":"c-1","to":\#(to)}"#) == nil, "\(to.prefix(20))")
      }
    }
    #expect(
      try news("agent.handoff_refused", #"{"conversation_id":"c-1","to":"l","reason":"fu\u001bll"}"#)
        == .refused(id, by: "l", why: "fu ll"))
    #expect(try news("agent.conversation_ended", #"{"conversation_id":"c-1"}"#) == .settled(id, .conversationEnded))
    for type in ["agent.person_returned", "agent.metrics"] {
      #expect(try news(type, #"{"conversation_id":"c-1"}"#) == nil)
    }
    #expect(try news("agent.handoff_requested", "{}") == nil)
    #expect(try news("agent.handoff_requested", #"{"conversation_id":"\#(long)"}"#) == nil)
  }

  /// Nobody is chosen for a request of which nobody knows what it needs, whoever leads by then.
  @Test func requestThatIsTooLongIsSaidToBeUnread() throws {
    let long = String(repeating: "x", count: 70_000)
    let asked = try news("agent.handoff_requested", #"{"conversation_id":"c-1","language":"pt","context":"\#(long)"}"#)
    guard case .requested(let handoff) = asked else {
      Issue.record("no request")
      return
    }
    #expect(handoff.isUnread && handoff.language.isEmpty)
    #expect(HandoffCoding.decode(Array("c-1".utf8), HandoffCoding.encode(handoff)) == handoff)
  }

  @Test(arguments: [nil, .init(agent: "legal-3", why: "pt, 6 of 8 open")] as [WaitingConversation.Proposed?])
  func whoIsGivenUpWaitsForAPersonWithAllThatIsKnown(_ proposed: WaitingConversation.Proposed?) throws {
    let event = HandoffCoding.waits(try handoff(), proposed: proposed, at: at + .seconds(5))
    let found = try event.withUnsafeBytes { bytes in
      WaitingCoding.news(of: try EventDecoder().decode(bytes, channel: nil, receivedAt: at + .seconds(5)))
    }
    guard case .waits(let conversation) = found else {
      Issue.record("nobody waits")
      return
    }
    #expect(conversation.id.text == "c-1" && conversation.agent == "sales-1" && conversation.since == at)
    #expect(conversation.skill == "legal" && conversation.language == "pt" && conversation.lines == ["user: hi"])
    #expect(conversation.summary == "asks for a contract" && conversation.proposed == proposed)
  }
}
