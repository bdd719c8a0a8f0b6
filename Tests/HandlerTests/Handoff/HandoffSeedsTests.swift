import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Requests, answers and handlers that end in any order: each conversation comes to one end, and nobody is asked twice.
@Suite(.threaded) struct HandoffSeedsTests {
  private let scene: HandoffScene

  init() throws { scene = try HandoffScene() }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func whateverHappensEachConversationHasOneEnd(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var handler = try scene.start("h0")
    for number in 1...5 { try scene.specialist(AgentID("legal-\(number)"), open: number, of: 50) }
    var ids: [String] = []
    var over: Set<String> = []
    for step in 1...60 {
      switch Int.random(in: 0..<12, using: &random) {
      case 0..<4:
        ids.append("c-\(ids.count + 1)")
        try scene.request(ids[ids.count - 1])
      case 4..<9: try answer(&random, &over)
      case 9:
        // Said once more it is the same.
        if let handoff = try any(&random) { try scene.request(handoff.id.text) }
      case 10:
        if let handoff = try any(&random) {
          over.insert(handoff.id.text)
          try scene.event("agent.conversation_ended", "sales-1", ["conversation_id": .string(handoff.id.text)])
        }
      default:
        try scene.kill(handler)
        handler = try scene.start("h\(step)")
      }
    }
    try answerAll(&random, &over)
    try expectOneEnd(of: ids, over)
  }

  private func any(_ random: inout SeededRandom) throws -> Handoff? {
    try scene.book().handoffs.values.sorted { $0.id.text < $1.id.text }.randomElement(using: &random)
  }

  /// Somebody who was asked says yes or no; now and then twice, or somebody who was asked before says so too.
  private func answer(_ random: inout SeededRandom, _ over: inout Set<String>) throws {
    guard let handoff = try any(&random), let standing = handoff.standing else { return }
    if Bool.random(using: &random) {
      over.insert(handoff.id.text)
      try scene.accept(handoff.id.text, standing.agent)
      if Bool.random(using: &random) { try scene.accept(handoff.id.text, standing.agent) }
    } else {
      try scene.refuse(handoff.id.text, standing.agent)
      if let before = handoff.offers.first { try scene.refuse(handoff.id.text, before.agent) }
    }
  }

  private func answerAll(_ random: inout SeededRandom, _ over: inout Set<String>) throws {
    for _ in 0..<1000 {
      try scene.server.wait {
        (try? scene.book().undecided.isEmpty) == true && (try? scene.handlers.cursorIsAtEnd()) == true
      }
      guard try !scene.book().isEmpty else { break }
      try answer(&random, &over)
    }
    try scene.waitForEnd()
  }

  /// - Parameter over: those whose customers have left, or that an agent has: none of them need wait for a person.
  private func expectOneEnd(of ids: [String], _ over: Set<String>) throws {
    var waiting: Set<String> = []
    for id in ids {
      try scene.server.wait { (try? scene.lines(id).contains { $0.phase != .started }) == true }
      let lines = try scene.lines(id)
      // A request that is said once more after the end begins anew.
      let starts = lines.count { $0.phase == .started }
      #expect(lines.count { $0.phase != .started } == Set(lines.map(\.origin.key)).count, "\(id)")
      #expect(starts <= Set(lines.map(\.origin.key)).count)
      if lines.contains(where: { $0.phase == .failed }) { waiting.insert(id) }
      let commands = try scene.handlers.audit().filter { line in
        line.action == "transfer" && line.phase == .succeeded && line.target == "sales-1"
          && line.detail.contains("\(id) goes to ")
      }
      #expect(commands.count <= starts * Handoff.mostOffers)
      if starts == 1 { #expect(Set(commands.map(\.detail)).count == commands.count, "\(id): nobody is asked twice") }
    }
    waiting.subtract(over)
    try scene.server.wait {
      (try? Set(scene.waiting().conversations.keys.map(\.text)).subtracting(over)) == waiting
    }
  }
}
