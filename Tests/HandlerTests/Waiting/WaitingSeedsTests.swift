import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Events, commands of several people and takeovers in any order: what stands in Redis is what they come to.
@Suite(.threaded) struct WaitingSeedsTests {
  /// What is expected: who waits, and who has taken what.
  private struct Model {
    var hands: [String: String?] = [:]
    var next = 0
    var random: SeededRandom

    mutating func anyID() -> String {
      hands.keys.sorted().randomElement(using: &random) ?? "c-none"
    }

    /// Whether a command is done; if so, what it leaves.
    mutating func command(_ action: Action, _ id: String, by person: String) -> Bool {
      guard let hand = hands[id] else { return false }
      switch action {
      case .take:
        guard hand == nil else { return false }
        hands[id] = .some(person)
      case .handBack:
        guard hand != nil else { return false }
        hands[id] = nil
      default:
        guard hand == nil || hand == person else { return false }
        hands[id] = nil
      }
      return true
    }
  }

  private let scene: WaitingScene

  init() throws { scene = try WaitingScene() }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func whateverHappensTheBookSaysWhoWaitsAndWhoHasTakenWhat(_ seed: UInt64) throws {
    var model = Model(random: SeededRandom(seed: seed))
    var handler = try scene.start("h0")
    for step in 1...60 {
      switch Int.random(in: 0..<20, using: &model.random) {
      case 0..<6:
        model.next += 1
        model.hands["c-\(model.next)"] = .some(nil)
        try scene.event("agent.waiting", "c-\(model.next)")
      case 6, 7:
        // Said once more it stays with who has it.
        let id = model.anyID()
        guard model.hands[id] != nil else { continue }
        try scene.event("agent.waiting", id, ["summary": .string("again \(step)")])
        // An event that comes behind a command that ends the conversation would bring it back.
        try scene.server.wait { (try? scene.conversation(id))??.summary == "again \(step)" }
      case 8, 9: try end(&model)
      case 10, 11:
        let id = model.anyID()
        if model.hands[id] != nil { model.hands[id] = .some("desk") }
        try scene.event("agent.person_accepted", id, ["person": "desk"])
      case 12..<18: try command(&model)
      default:
        // What was told a moment ago may not be written yet.
        try scene.kill(handler)
        handler = try scene.start("h\(step)")
        continue
      }
      if Bool.random(using: &model.random) { try expect(model) }
    }
    try expect(model)
  }

  private func end(_ model: inout Model) throws {
    let id = model.anyID()
    model.hands[id] = nil
    let isOver = Bool.random(using: &model.random)
    try scene.event(isOver ? "agent.conversation_ended" : "agent.person_returned", id)
  }

  private func command(_ model: inout Model) throws {
    // Commands and events go two ways: this is about what each of them leaves.
    try expect(model)
    let id = model.anyID()
    let action = [Action.take, .take, .handBack, .closeConversation].randomElement(using: &model.random) ?? .take
    let person = ["ana@ops", "bob@ops"].randomElement(using: &model.random) ?? "ana@ops"
    let isDone = model.command(action, id, by: person)
    let end = try scene.send(action, id, by: person)
    #expect(end.hasPrefix("succeeded") == isDone, "\(action) \(id) by \(person): \(end)")
  }

  private func expect(_ model: Model) throws {
    try scene.wait { book in
      Dictionary(uniqueKeysWithValues: book.conversations.values.map { ($0.id.text, $0.hand?.by) }) == model.hands
    }
  }
}
