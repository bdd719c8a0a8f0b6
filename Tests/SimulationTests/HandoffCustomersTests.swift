import FleetModel
import Insight
import TestSupport
import Testing
import Wire

@testable import Simulation

/// Conversations of simulated agents move while their customers write on: nothing is lost, nothing is answered twice.
@Suite struct HandoffCustomersTests {
  /// What a handler decides, by the same pieces, without a Redis between it and the fleet.
  private struct Chooser {
    struct Known {
      var skills: [String] = []
      var languages: [String] = []
      var capacity = 0
      var open = 0
      var isRunning = true
    }

    static let answerWithin = TimeSpan.seconds(5)
    var book = HandoffBook()
    var agents: [AgentID: Known] = [:]
    /// Conversations that wait for a person.
    var waiting: [(id: Handoff.ID, agent: AgentID)] = []
    private var commands = 0

    mutating func take(_ event: SimulatedEvent, at now: Instant) throws {
      note(event)
      guard event.kind.isOfHandoff else { return }
      let news = try event.body(at: now, isDotted: true).encoded.withUnsafeBytes { bytes in
        HandoffCoding.news(of: try EventDecoder().decode(bytes, channel: nil, receivedAt: now))
      }
      if let news { _ = book.apply(news) }
      if event.kind == .conversationEnded { waiting.removeAll { $0.id == news?.id } }
    }

    private mutating func note(_ event: SimulatedEvent) {
      var known = agents[event.agent] ?? Known()
      func texts(_ name: String) -> [String] { (event.data[name]?.list ?? []).compactMap(\.text) }
      switch event.kind {
      case .created, .updated:
        (known.skills, known.languages) = (texts("skills"), texts("languages"))
        known.capacity = event.data["capacity"]?.int ?? 0
      case .status:
        known.open = event.data["conversations"]?.int ?? 0
        known.isRunning = event.data["state"] == "running"
      default: return
      }
      agents[event.agent] = known
    }

    /// Whom runtimes are told to give what.
    mutating func decide(at now: Instant) -> [ControlMessage] {
      _ = book.failOffers(at: now, within: Self.answerWithin) { [agents] id in
        agents[id]?.isRunning == true ? nil : "does not run"
      }
      return book.undecided.compactMap { decide($0, at: now) }
    }

    private mutating func decide(_ handoff: Handoff, at now: Instant) -> ControlMessage? {
      guard handoff.mayAsk, let agent = best(for: handoff) else {
        book.remove(handoff.id)
        waiting.append((handoff.id, handoff.agent))
        return nil
      }
      commands += 1
      let command = CommandID("c\(commands)")
      var offered = handoff
      offered.offers.append(.init(agent: agent, command: command, until: now + Self.answerWithin))
      book.set(offered)
      agents[agent]?.open += 1
      let arguments = ["conversation_id": handoff.id.text, "to": "\(agent)"]
      return ControlMessage(agent: handoff.agent, action: .transfer, arguments: arguments, commandID: command)
    }

    private func best(for handoff: Handoff) -> AgentID? {
      var index = SpecialistIndex()
      let ids = agents.keys.sorted { $0.precedes($1) }
      for (position, id) in ids.enumerated() {
        guard let known = agents[id], known.isRunning else { continue }
        let room = SpecialistRank.Room(open: known.open, capacity: known.capacity)
        index.add(position, id, SpecialistRank(room: room), skills: known.skills, languages: known.languages)
      }
      let left = Set((handoff.offers.map(\.agent) + [handoff.agent]).compactMap { ids.firstIndex(of: $0) })
      let answer = index.best(3, besides: left, skill: handoff.skill, language: handoff.language)
      return HandoffChoice(skill: handoff.skill, language: handoff.language, answer).chosen
    }
  }

  /// A fleet, a chooser, and all that may go wrong between them.
  private struct World {
    var stage: Stage
    var chooser = Chooser()
    var random: SeededRandom
    /// Events that the chooser has not read, and orders on their way.
    var unread: [SimulatedEvent] = []
    var orders: [(at: Instant, message: ControlMessage)] = []
    var awayUntil = Stage.start
    var number = 0

    init(seed: UInt64) {
      stage = Stage(rate: 5, seed: seed, handsOver: true)
      random = SeededRandom(seed: seed)
    }

    mutating func step() throws {
      stage.now = stage.now + .milliseconds(200)
      unread += stage.fleet.advance(to: stage.now)
      trouble()
      if stage.now >= awayUntil { try choose() }
      for order in orders where order.at <= stage.now { unread += stage.fleet.obey(order.message) }
      orders.removeAll { $0.at <= stage.now }
      people()
    }

    private mutating func choose() throws {
      for event in unread { try chooser.take(event, at: stage.now) }
      unread = []
      for message in chooser.decide(at: stage.now) {
        send(message)
        // A stream may be read twice, and late.
        if Int.random(in: 0..<5, using: &random) == 0 { send(message) }
      }
    }

    private mutating func send(_ message: ControlMessage) {
      let late = Int64.random(in: 0...2, using: &random) * Int64.random(in: 0...3000, using: &random)
      orders.append((stage.now + .milliseconds(late), message))
    }

    /// Agents are paused or restarted, and the handler is away for a while.
    private mutating func trouble() {
      if Int.random(in: 0..<150, using: &random) == 0 { awayUntil = stage.now + .seconds(8) }
      guard Int.random(in: 0..<20, using: &random) == 0,
        let agent = stage.fleet.agents.randomElement(using: &random)?.profile.id
      else { return }
      order(Bool.random(using: &random) ? .restart : .pause, agent)
    }

    private mutating func people() {
      guard Int.random(in: 0..<10, using: &random) == 0, let call = chooser.waiting.first else { return }
      let action = [Action.take, .handBack, .closeConversation].randomElement(using: &random) ?? .take
      if action != .take { chooser.waiting.removeFirst() }
      order(.take, call.agent, call.id.text)
      if action != .take { order(action, call.agent, call.id.text) }
    }

    private mutating func order(_ action: Action, _ agent: AgentID, _ conversation: String? = nil) {
      number += 1
      var arguments: [String: String] = ["person": "ana@ops"]
      arguments["conversation_id"] = conversation
      unread += stage.order(action, agent, arguments, id: "t\(number)", until: stage.now + .seconds(6))
    }
  }

  @Test(arguments: 1...100 as ClosedRange<UInt64>)
  func nothingIsLostOrAnsweredTwiceWhateverFails(_ seed: UInt64) throws {
    var world = World(seed: seed)
    for _ in 0..<600 {
      try world.step()
      let counts = try #require(world.stage.fleet.conversationCounts)
      try #require(counts.lost == 0 && counts.answeredTwice == 0, "seed \(seed): \(counts)")
      try #require(
        counts.written == counts.answered + counts.left + world.stage.fleet.unansweredCount, "seed \(seed): \(counts)")
    }
    let counts = try #require(world.stage.fleet.conversationCounts)
    #expect(counts.moved > 0 && counts.ended > 0 && counts.answered > 20, "seed \(seed): \(counts)")
    for agent in world.stage.fleet.agents { #expect(agent.room.map { $0.open <= $0.capacity } == true) }
  }

  /// The counts are worth something: a runtime that goes on with what it has given away shows.
  @Test func carelessRuntimeIsFound() throws {
    var world = World(seed: 1)
    world.stage.fleet.movers?.isCareless = true
    for _ in 0..<600 { try world.step() }
    #expect(try #require(world.stage.fleet.conversationCounts).answeredTwice > 0)
  }

  @Test func agentTellsAgainWhoHasWhatItHasGivenAway() throws {
    var stage = Stage(handsOver: true)
    var request: SimulatedEvent?
    for _ in 0..<60 where request == nil { request = stage.run(seconds: 1).of(.handoffRequested).first }
    let asked = try #require(request)
    let id = try #require(asked.data["conversation_id"]?.text)
    #expect(asked.data["skill"]?.text?.isEmpty == false && asked.data["last_lines"]?.list?.count == 2)
    var taker: AgentID?
    for number in 0..<40 where taker == nil {
      let to = stage.fleet.agents[(number + 1) % 12].profile.id
      guard to != asked.agent else { continue }
      #expect(stage.order(.transfer, asked.agent, ["conversation_id": id, "to": "\(to)"]).map(\.kind) == [.status])
      let answers = stage.run(seconds: 4).filter {
        $0.data["conversation_id"]?.text == id && $0.kind == .handoffAccepted
      }
      taker = answers.first?.data["to"]?.text.map { AgentID($0) }
    }
    let has = try #require(taker)
    let again = stage.order(.transfer, asked.agent, ["conversation_id": id, "to": "somebody-else"])
    #expect(again.map(\.kind) == [.status, .handoffAccepted] && again.last?.data["to"] == .string(has.bytes))
    // Of what an agent never had it says nothing.
    #expect(stage.order(.transfer, asked.agent, ["conversation_id": "none", "to": "x"]).map(\.kind) == [.status])
  }

  @Test func fleetWithoutItKeepsItsConversations() {
    var stage = Stage(.automatic)
    let kinds = Set(stage.run(seconds: 60).map(\.kind))
    #expect(kinds.isDisjoint(with: [.handoffAccepted, .handoffRefused]) && kinds.contains(.handoffRequested))
    #expect(stage.fleet.conversationCounts == nil && stage.fleet.unansweredCount == 0)
  }
}
