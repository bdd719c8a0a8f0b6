import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What is asked before anything is sent.
@Suite struct PromptTests {
  @Test(arguments: [
    ("p", "pause a0 for=15m?"), ("r", "resume a0?"), ("R", "restart a0?"),
    ("l", "limit the rate of a0 per_minute=60 for=15m?"), ("e", "escalate a0 to=on-call severity=high?"),
    ("B", "activate the backup of a0?"), ("s", "scale a0: by=+1"), ("m", "set the automation: mode=off"),
  ])
  func everyActionKeyAsksAndNamesActionAndTarget(key: String, question: String) throws {
    var scene = try Scene.plain(agents: 3)
    #expect(scene.type(key) == [])
    #expect(scene.promptText().hasPrefix(" \(question)"))
  }

  @Test func targetIsNamedByLabelAndId() throws {
    var scene = try Scene.plain(agents: 1)
    try scene.model.fleet.apply("updated", "a0", #"{"name":"Vendas"}"#, at: .at(1))
    scene.tick(.at(2))
    scene.type("p")
    #expect(scene.promptText().hasPrefix(" pause Vendas (a0) for=15m? y yes"))
  }

  @Test(arguments: [
    (80, " pause Vendas (a0) for=15m? y yes  Tab edits  other keys: no"), (40, " pause Vendas (a0) for=15m? y"),
    (20, " for=15m? y"),
  ])
  func narrowLineStillNamesActionTargetAndAnswer(columns: Int, line: String) throws {
    var scene = try Scene.plain(agents: 1, columns: columns, rows: 10)
    try scene.model.fleet.apply("updated", "a0", #"{"name":"Vendas"}"#, at: .at(1))
    scene.tick(.at(2))
    scene.type("p")
    #expect(scene.promptText() == line)
  }

  @Test func longNameLeavesTheAnswerInView() throws {
    var scene = try Scene.plain(agents: 1, columns: 80, rows: 24)
    try scene.model.fleet.apply("updated", "a0", #"{"name":"\#(String(repeating: "n", count: 4096))"}"#, at: .at(1))
    scene.tick(.at(2))
    scene.type("R")
    let code = try #require(scene.code)
    #expect(scene.promptText().hasPrefix(" restart nnnnnnnn"))
    #expect(scene.promptText().hasSuffix("n…? type \(code) to do it  Esc: no"))
  }

  @Test(
    arguments: [
      ("p", Action.pause, ["for": "15m"]), ("r", .resume, [:]), ("l", .rateLimit, ["per_minute": "60", "for": "15m"]),
      ("e", .escalate, ["to": "on-call", "severity": "high"]), ("B", .activateBackup, [:]),
    ] as [(String, Action, [String: String])])
  func yesSendsOnceWithTargetAndArguments(key: String, action: Action, arguments: [String: String]) throws {
    var scene = try Scene.plain(agents: 3)
    scene.type(key)
    let effects = scene.type("y")
    #expect(
      effects == [
        .send(
          ActionDraft(
            action: action, targets: ["a0"], arguments: arguments,
            observed: ["a0": Command.Observation(state: .running, version: 0)]))
      ])
    #expect(scene.model.prompt == nil)
    #expect(scene.type("y") == [])
  }

  @Test func everyOtherKeyCancels() throws {
    let letters = (0x20...0x7E).map { Key.character(Character(Unicode.Scalar(UInt8($0)))) }
    let others: [Key] = [
      .enter, .escape, .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .backTab, .backspace, .delete,
      .insert, .function(1), .control("c"), .control("y"), .paste("y"), .paste("yyyy"), .character("Y"),
      .character("ý"),
    ]
    var start = try Scene.plain(agents: 3)
    start.type("p")
    for key in letters + others where key != .character("y") {
      var scene = start
      #expect(scene.press(key) == [])
      #expect(scene.model.prompt == nil, "\(key)")
      #expect(scene.model.selectedAgent == "a0")
      #expect(scene.type("y") == [])
    }
  }

  @Test func cancellingIsTold() throws {
    var scene = try Scene.plain(agents: 1)
    scene.press(.character("p"), .escape)
    #expect(scene.promptText() == " cancelled: pause; nothing was sent")
    scene.tick(.at(8))
    #expect(scene.promptText().hasPrefix(" ? help"))
  }

  @Test(arguments: ["R", "s", "b"])
  func whatInterruptsNeedsTheCode(key: String) throws {
    var scene = try Scene.plain(agents: 3)
    try scene.model.fleet.apply("security_alert", "a0", #"{"suspicious_ips":["203.0.113.9"]}"#, at: .at(1))
    scene.type(key)
    if key != "R" { scene.press(.enter) }
    let code = try #require(scene.code)
    #expect(code.count == 4)
    #expect(scene.promptText().contains("type \(code) to do it"))
    #expect(scene.type(String(code.prefix(3))) == [])
    let draft = try sent(scene.type(String(code.suffix(1))))
    #expect(draft.targets == ["a0"])
  }

  @Test func anyWrongCharacterOfTheCodeCancels() throws {
    var start = try Scene.plain(agents: 3)
    start.type("R")
    let code = Array(try #require(start.code))
    for length in 0..<4 {
      for value in UInt8(0x20)...0x7E {
        let character = Character(Unicode.Scalar(value))
        guard character != code[length] else { continue }
        var scene = start
        scene.type(String(code[..<length]))
        #expect(scene.type(String(character)) == [])
        #expect(scene.model.prompt == nil)
      }
    }
  }

  @Test(arguments: [Key.enter, .escape, .up, .left, .backTab, .delete, .function(2), .control("c")])
  func otherKeysCancelTheCode(key: Key) throws {
    var scene = try Scene.plain(agents: 3)
    scene.type("R")
    #expect(scene.press(key) == [])
    #expect(scene.model.prompt == nil)
  }

  @Test func codeCannotBePasted() throws {
    var scene = try Scene.plain(agents: 3)
    scene.type("R")
    let code = try #require(scene.code)
    #expect(scene.press(.paste(code)) == [])
    #expect(scene.model.prompt == nil)
  }

  @Test func typedPartOfTheCodeIsShownAndTakenBack() throws {
    var scene = try Scene.plain(agents: 3)
    scene.type("R")
    let code = try #require(scene.code)
    scene.type(String(code.prefix(2)))
    #expect(scene.promptText().contains("\(code.prefix(2))__ of \(code)"))
    scene.press(.backspace, .backspace, .backspace)
    #expect(scene.promptText().contains("type \(code) to do it"))
  }

  @Test func codesChangeFromOneTimeToTheNext() throws {
    var scene = try Scene.plain(agents: 3)
    let codes = (0..<20).map { _ in
      scene.type("R")
      defer { scene.press(.escape) }
      return scene.code ?? ""
    }
    #expect(Set(codes).count == 20)
    #expect(codes.allSatisfy { $0.allSatisfy { "acdefhjkmnpqrtuvwxy3479".contains($0) } })
  }

  @Test(arguments: [(10, 5, false), (10, 6, true), (59, 5, false), (60, 6, false), (60, 7, true), (100, 11, true)])
  func manyAgentsNeedTheCode(fleet: Int, marked: Int, isCode: Bool) throws {
    var scene = try Scene.plain(agents: fleet)
    for _ in 0..<marked { scene.press(.character(" "), .down) }
    scene.type("p")
    #expect((scene.code != nil) == isCode)
    #expect(scene.promptText().contains("pause \(marked) agents (a0, a1, "))
  }

  @Test func nothingSelectedIsTold() {
    var scene = Scene()
    scene.goLive(at: .at(0))
    #expect(scene.press(.character("p"), .character("y")) == [])
    #expect(scene.model.prompt == nil)
    #expect(scene.promptText().hasPrefix(" nothing is selected"))
  }

  @Test func lettersThatCameAtOnceAreTypedIntoAFieldAsLongAsItIsOpen() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character("/"), SelectionTests.burst("a1\rq"))
    #expect(scene.model.prompt == nil && scene.model.filter == "a1")
    scene.press(.escape, .character("s"))
    #expect(scene.press(SelectionTests.burst("2\rRy")) == [])
    let code = try #require(scene.code)
    #expect(try sent(scene.press(SelectionTests.burst(code + "q"))).action == .scale)
  }

  @Test func lettersThatCameAtOnceAnswerNoQuestion() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character("p"))
    #expect(scene.press(SelectionTests.burst("yq")) == [])
    #expect(scene.model.prompt == nil)
    scene.press(.character("R"))
    #expect(scene.press(SelectionTests.burst("!yq")) == [])
    #expect(scene.model.prompt == nil)
  }
}
