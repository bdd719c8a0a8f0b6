import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What the console says of a command that the server does not have.
@Suite struct DeliveryTests {
  private func scene(columns: Int = 130, rows: Int = 40) throws -> Scene {
    var scene = try Scene.plain(agents: 1, columns: columns, rows: rows)
    cut(&scene)
    return scene
  }

  private func cut(_ scene: inout Scene) {
    _ = scene.model.update(.link(.down(since: .at(1), retryAt: .at(9), reason: "connection refused")))
  }

  private func command(_ id: String = "c1", expires: Int64 = 65) -> Command {
    Command(
      id: CommandID(id), action: .pause, targets: ["a0"], operator: "alice@bastion", issuedAt: .at(5),
      expiresAt: .at(expires))
  }

  private func row(_ scene: inout Scene) -> String {
    scene.tick(max(scene.model.now + .milliseconds(300), .at(5)))
    return scene.draw().lines().first { $0.contains("pause a0, alice") } ?? ""
  }

  @Test(arguments: [80, 130, 200])
  func withoutALinkItSaysFromTheFirstMomentThatItIsNotSent(columns: Int) throws {
    var scene = try scene(columns: columns, rows: columns == 80 ? 24 : 50)
    scene.tick(.at(5))
    _ = scene.model.update(.sent(command(), .waiting))
    let words = "no link; will be sent if the link returns before 08:01:05Z"
    #expect(scene.promptText() == " not sent: \(words)")
    scene.press(.character("6"))
    scene.tick(.at(20))
    #expect(row(&scene).contains("◌ not sent  pause a0, alice@bastion  no link; will be sent if"))
    if columns == 200 { #expect(row(&scene).contains(words)) }
  }

  @Test func whatExpiredWithoutALinkWasNeverSent() throws {
    var scene = try scene(columns: 200, rows: 50)
    _ = scene.model.update(.sent(command(), .waiting))
    scene.tick(.at(65))
    #expect(row(&scene).contains("✗ not sent  pause a0, alice@bastion  never sent: there was no link"))
    _ = scene.model.update(.link(.up))
    #expect(row(&scene).contains("✗ not sent  pause a0, alice@bastion  never sent"))
  }

  @Test func whatIsSentAtLastIsSent() throws {
    var scene = try scene()
    _ = scene.model.update(.sent(command(), .waiting))
    _ = scene.model.update(.link(.up))
    _ = scene.model.update(.handler(.alive(id: "h1", isRecording: true)))
    _ = scene.model.update(.delivery(command(), .delivered))
    #expect(row(&scene).contains("◌ sent      pause a0, alice@bastion "))
    scene.tick(.at(66))
    #expect(row(&scene).contains("✗ expired   pause a0, alice@bastion  nobody took it in time"))
  }

  @Test func answerThatMayHaveBeenMissedIsUnknown() throws {
    var scene = try Scene.plain(agents: 1, columns: 200, rows: 50)
    _ = scene.model.update(.sent(command(), .delivered))
    scene.model.fleet.applyGap(from: .at(20), to: .at(50), count: nil)
    scene.tick(.at(66))
    #expect(
      row(&scene).contains("? unknown   pause a0, alice@bastion  something was missed meanwhile: whether anybody"))
  }

  @Test func quittingAsksFirstIfACommandWasNeverSent() throws {
    var scene = try scene()
    scene.tick(.at(5))
    _ = scene.model.update(.sent(command(), .waiting))
    #expect(scene.type("q") == [])
    #expect(scene.promptText() == " 1 command was never sent: pause a0. Quit? y quits and drops it  other keys: no")
    #expect(scene.type("n") == [] && scene.promptText() == " not quit: commands wait for a link")
    #expect(scene.type("qy") == [.quit])
    #expect(scene.press(.control("c"), .control("c")) == [.quit])
    #expect(scene.model.leftBehind == ["never sent: pause a0"])
  }

  @Test func quittingAsksNothingOnceTheCommandIsSentOrExpired() throws {
    var scene = try scene()
    scene.tick(.at(5))
    _ = scene.model.update(.sent(command(), .waiting))
    scene.tick(.at(66))
    #expect(scene.type("q") == [.quit] && scene.model.leftBehind == ["never sent: pause a0"])
    _ = scene.model.update(.link(.up))
    _ = scene.model.update(.delivery(command(), .delivered))
    #expect(scene.type("q") == [.quit] && scene.model.leftBehind == [])
  }

  @Test func whatGotNoAnswerIsToldWhoeverQuitsWithoutALink() throws {
    var scene = try Scene.plain(agents: 1)
    _ = scene.model.update(.sent(command(), .underWay))
    cut(&scene)
    #expect(scene.type("q") == [.quit])
    #expect(scene.model.leftBehind == ["no answer came, it may have been sent: pause a0"])
  }

  @Test func whatWentOutOverALinkThatBrokeIsInDoubt() throws {
    var scene = try Scene.plain(agents: 1, columns: 200, rows: 50)
    _ = scene.model.update(.sent(command(), .underWay))
    #expect(row(&scene).contains("◌ sent "))
    cut(&scene)
    #expect(row(&scene).contains("◌ sent      pause a0, alice@bastion  no answer; will be sent again if the link"))
    scene.tick(.at(66))
    #expect(row(&scene).contains("? unknown   pause a0, alice@bastion  no answer came: whether it was sent is unknown"))
  }

  @Test func withoutALinkNobodyKnowsWhatBecameOfWhatWasSent() throws {
    var scene = try Scene.plain(agents: 1, columns: 200, rows: 50)
    _ = scene.model.update(.sent(command(), .delivered))
    cut(&scene)
    scene.tick(.at(66))
    #expect(row(&scene).contains("no link: whether anybody took it is unknown"))
  }

  @Test func refusedByTheServerIsNotSent() throws {
    var scene = try Scene.plain(agents: 1, columns: 200, rows: 50)
    _ = scene.model.update(.sent(command(), .underWay))
    _ = scene.model.update(.delivery(command(), .waiting))
    #expect(
      row(&scene).contains("◌ not sent  pause a0, alice@bastion  Redis did not take it; will be sent again until"))
  }

  @Test func partOfAnOrderThatIsNotSentHoldsBackTheWhole() throws {
    var scene = try Scene.plain(agents: 1, columns: 200, rows: 50)
    for part in 1...2 {
      var command = command("c\(part)")
      command.batch = Batch(id: CommandID("b"), part: part, parts: 2)
      _ = scene.model.update(.sent(command, part == 1 ? .delivered : .waiting))
    }
    #expect(row(&scene).contains("◌ not sent"))
  }

  @Test func withoutALinkNobodyKnowsWhetherAHandlerLives() throws {
    var scene = try scene()
    #expect(scene.model.handler == .unknown)
    #expect(scene.statusText().contains("handler unknown") && !scene.statusText().contains("alive"))
    _ = scene.model.update(.link(.up))
    _ = scene.model.update(.handler(.alive(id: "h1", isRecording: true)))
    #expect(scene.statusText().contains("handler h1 alive"))
  }

  @Test func ageOfWhatIsShownCountsFromTheLastAnswer() throws {
    var scene = try Scene.plain(agents: 1)
    // The silence was found out four seconds late, and until then time went on.
    scene.tick(.at(60))
    _ = scene.model.update(.link(.down(since: .at(49), retryAt: nil, reason: "no answer for 4 s")))
    #expect(scene.draw().lines()[0].contains("what is shown is 10s old"))
    #expect(scene.statusText().contains("NO LINK for 11s"))
  }
}
