import Execution
import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

@Suite(.threaded) struct LanesTests {
  @Test func laneKeepsOrderAndLetsOthersPass() {
    var lanes = Lanes()
    let first = lanes.enter([.agent("a"), .agent("b")])
    let second = lanes.enter([.agent("b")])
    let other = lanes.enter([.agent("c")])
    let third = lanes.enter([.agent("b"), .agent("c")])
    #expect([first.isReady, second.isReady, other.isReady, third.isReady] == [true, false, true, false])
    #expect(lanes.leave(first.number) == [second.number])
    #expect(lanes.leave(other.number) == [])
    #expect(lanes.leave(second.number) == [third.number])
    #expect(lanes.leave(third.number) == [])
    #expect(lanes.count == 0)
  }

  @Test(arguments: [
    Instruction.automation(.off), .notify(to: "ops", "x"), .approve(ProposalID("p"), digest: ""),
    .undo(CommandID("c1")),
  ])
  func whatConcernsNoAgentWaitsForNoBlockOfAnAddress(instruction: Instruction) throws {
    let block = Instruction.block(try #require(IPAddress("192.0.2.1")), .hours(1))
    #expect(instruction.lane(of: .none) != block.lane(of: .none))
  }

  @Test func answersToProposalsKeepOrderWithTheSwitchTheyGoBy() {
    let approval = Instruction.approve(ProposalID("p"), digest: "")
    #expect(approval.lane(of: .none) == Instruction.automation(.on).lane(of: .none))
  }

  @Test func endOfABlockKeepsOrderWithCommandsForItsAddress() throws {
    let address = try #require(IPAddress("192.0.2.1"))
    #expect(Job(.unblock(address), .none).lane == Instruction.unblock(address).lane(of: .none))
    #expect(Job(.unblock(address), "a").lane == .agent("a"))
  }
}

@Suite(.threaded) struct PlacesTests {
  @Test func eachKindHasPlacesOfItsOwnInOrder() {
    let places = Places { _ in 2 }
    var begun: [String] = []
    for name in ["a1", "a2", "a3", "a4"] { places.enter(.actuator("a")) { begun.append(name) } }
    places.enter(.actuator("b")) { begun.append("b1") }
    places.enter(.redis) { begun.append("r1") }
    #expect(begun == ["a1", "a2", "b1", "r1"])
    places.leave(.actuator("b"))
    #expect(begun.count == 4)
    places.leave(.actuator("a"))
    places.leave(.actuator("a"))
    #expect(begun == ["a1", "a2", "b1", "r1", "a3", "a4"])
  }

  @Test func placesThatAreAddedAreTaken() {
    var most = 1
    let places = Places { _ in most }
    var begun = 0
    for _ in 0..<3 { places.enter(.redis) { begun += 1 } }
    #expect(begun == 1)
    most = 3
    places.refill()
    #expect(begun == 3)
  }

  @Test func whatWaitsHasABound() {
    let places = Places { _ in 1 }
    for _ in 0...Places.mostWaiting { places.enter(.actuator("a")) {} }
    #expect(places.refusal(.actuator("a"), for: nil) != nil && places.refusal(.actuator("b"), for: nil) == nil)
    places.leave(.actuator("a"))
    #expect(places.refusal(.actuator("a"), for: nil) == nil)
  }

  private func delivery(_ number: Int) -> Delivery {
    Delivery(stream: [1], entry: StreamID(milliseconds: UInt64(number)))
  }

  /// Otherwise those that wait for one service would be all that is in hand, and nothing else would be read.
  @Test func commandsThatWaitAreFewerThanMayBeInHand() {
    let places = Places { _ in 1 }
    func fill(_ kind: Places.Kind, _ count: Int, from start: Int) {
      places.enter(kind, for: nil) {}
      for number in start..<start + count { places.enter(kind, for: delivery(number)) {} }
    }
    fill(.actuator("a"), Places.mostDeliveries, from: 0)
    #expect(
      places.refusal(.actuator("a"), for: delivery(5000))
        == "1024 other commands wait for what carries it out; send it again later")
    // Other targets of one that waits, and jobs, may.
    #expect(places.refusal(.actuator("a"), for: delivery(7)) == nil && places.refusal(.actuator("a"), for: nil) == nil)
    fill(.actuator("b"), Places.mostDeliveriesInAll - Places.mostDeliveries, from: 2000)
    #expect(
      places.refusal(.actuator("b"), for: delivery(5000))
        == "1536 other commands wait for what carries it out or for other services; send it again later")
    #expect(places.refusal(.actuator("c"), for: delivery(5000)) == nil)
    #expect(Places.mostDeliveriesInAll < Dispatcher.mostDeliveries && Places.mostWaitingInAll < Dispatcher.mostTargets)
    places.leave(.actuator("a"))
    #expect(places.refusal(.actuator("a"), for: delivery(5000)) == nil)
  }

  @Test func targetsThatWaitForAllServicesHaveABoundTogether() {
    let places = Places { _ in 1 }
    for kind in ["a", "b", "c"] {
      for _ in 0...Places.mostWaitingInAll / 3 { places.enter(.actuator(kind), for: delivery(1)) {} }
    }
    #expect(places.refusal(.actuator("a"), for: delivery(1)) == nil)
    for _ in 0..<2 { places.enter(.actuator("a"), for: delivery(1)) {} }
    #expect(
      places.refusal(.actuator("a"), for: delivery(1)) != nil && places.refusal(.actuator("d"), for: delivery(2)) == nil
    )
  }
}
