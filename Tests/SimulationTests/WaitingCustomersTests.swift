import FleetModel
import Testing
import Wire

@testable import Simulation

/// Conversations of simulated agents that wait for a person.
@Suite struct WaitingCustomersTests {
  private static let kinds: Set<EventKind> = [.waiting, .personAccepted, .personReturned, .conversationEnded]

  private static func id(_ event: SimulatedEvent) -> String { event.data["conversation_id"]?.text ?? "" }

  @Test func someWaitFromTheStartAndMoreComeUntilTheyGiveUp() {
    var stage = Stage(waits: true)
    let first = stage.run(seconds: 1).of(.waiting)
    #expect(first.count == 4 && Set(first.map(Self.id)).count == 4)
    let since = first.compactMap { $0.data["since"]?.text.flatMap { ISO8601.parse($0) } }
    #expect(since.map { (stage.now - $0).seconds / 10 } == [28, 23, 9, 0])
    #expect(first.allSatisfy { $0.data["summary"]?.text?.isEmpty == false && $0.data["last_lines"]?.list?.count == 2 })
    let later = stage.run(seconds: 800)
    #expect(later.of(.waiting).count > 15)
    let ended = Set(later.of(.conversationEnded).map(Self.id))
    #expect(Set(first.map(Self.id)).isSubset(of: ended), "nobody took them")
  }

  @Test func personTakesItAndIsDone() throws {
    var stage = Stage(waits: true)
    let calls = stage.run(seconds: 1).of(.waiting)
    try #require(calls.count == 4)
    func order(_ action: Action, _ call: SimulatedEvent) -> [SimulatedEvent] {
      stage.order(action, call.agent, ["conversation_id": Self.id(call), "person": "ana@ops"])
    }
    let taken = order(.take, calls[0])
    #expect(taken.map(\.kind) == [.status, .personAccepted] && taken[1].data["person"] == "ana@ops")
    #expect(stage.run(seconds: 800).of(.conversationEnded).allSatisfy { Self.id($0) != Self.id(calls[0]) })
    #expect(order(.handBack, calls[0]).map(\.kind) == [.status, .personReturned])
    // What is over is answered, and no more.
    #expect(order(.closeConversation, calls[0]).map(\.kind) == [.status])
  }

  @Test func whoeverWaitsChangesNothingAboutTheFleet() {
    var (plain, waiting) = (Stage(.automatic), Stage(.automatic, waits: true))
    _ = (plain.run(seconds: 1), waiting.run(seconds: 1))
    #expect(plain.fleet.agents.map(\.rating) == waiting.fleet.agents.map(\.rating))
    #expect(plain.run(seconds: 30).allSatisfy { !Self.kinds.contains($0.kind) })
  }

  /// No conversation comes twice, is taken after its end, or ends twice, whatever people do in which order.
  @Test(arguments: 1...100 as ClosedRange<UInt64>)
  func eachConversationGoesItsWayOnce(_ seed: UInt64) {
    var customers = WaitingCustomers(seed: seed, from: Stage.start)
    let agents = Roster.agents(12).map(SimulatedAgent.init)
    var random = SeededRandom(seed: seed)
    var state: [String: EventKind] = [:]
    var calls: [(agent: AgentID, id: String)] = []
    func take(_ events: [SimulatedEvent]) {
      for event in events {
        let id = Self.id(event)
        if event.kind == .waiting {
          #expect(state[id] == nil)
          calls.append((event.agent, id))
        } else {
          #expect(
            state[id] == .waiting || state[id] == .personAccepted,
            "\(event.kind) after \(String(describing: state[id]))")
        }
        state[id] = event.kind
      }
    }
    for step in 0..<200 {
      take(customers.advance(to: Stage.start + .seconds(Int64(step) * 10), agents[...]))
      guard let call = calls.randomElement(using: &random),
        let action = [Action.take, .handBack, .closeConversation, .pause].randomElement(using: &random)
      else { continue }
      let arguments = ["conversation_id": call.id, "person": "p"]
      take(
        customers.obey(
          ControlMessage(agent: call.agent, action: action, arguments: arguments, commandID: CommandID("c\(step)"))))
    }
    #expect(state.count > 20)
  }
}
