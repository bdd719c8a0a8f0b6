import FleetModel
import Testing

@testable import Handler

@Suite struct LanesTests {
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

@Suite struct PlacesTests {
  @Test func eachKindHasPlacesOfItsOwnInOrder() {
    let places = Places { _ in 2 }
    var begun: [String] = []
    for name in ["a1", "a2", "a3", "a4"] { places.enter(.outside("a")) { begun.append(name) } }
    places.enter(.outside("b")) { begun.append("b1") }
    places.enter(.redis) { begun.append("r1") }
    #expect(begun == ["a1", "a2", "b1", "r1"])
    places.leave(.outside("b"))
    #expect(begun.count == 4)
    places.leave(.outside("a"))
    places.leave(.outside("a"))
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
    for _ in 0...Places.mostWaiting { places.enter(.outside("a")) {} }
    #expect(places.isFull(.outside("a")) && !places.isFull(.outside("b")))
    places.leave(.outside("a"))
    #expect(!places.isFull(.outside("a")))
  }
}
