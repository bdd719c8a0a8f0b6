import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

@Suite struct LabelsTests {
  private var labels = Labels()

  private mutating func learn(_ id: AgentID, _ name: String = "") -> String {
    var agent = AgentProfile(id: id, at: .start)
    agent.name = name
    labels.learn(agent)
    return labels[id]
  }

  @Test(
    arguments: [
      ("a", "Vendas", "Vendas"), ("a", "", "a"), ("a", "   ", "a"), ("", "", "(empty id)"), ("a", "サポート", "サポート"),
      ("a", "Cafe\u{301}", "Cafe\u{301}"), ("a", "\u{301}x", "\u{25CC}\u{301}x"), ("a", "\u{1B}[2J", "^[[2J"),
      ("a", "x\u{202E}y", "x\u{FFFD}y"), ("a", "x\u{200B}y", "xy"), ("a", "\u{200B}", "a"), ("a\nb", "", "a^Jb"),
    ] as [(AgentID, String, String)])
  mutating func nameElseIdIsShownScrubbed(id: AgentID, name: String, label: String) {
    #expect(learn(id, name) == label)
  }

  @Test mutating func bytesThatAreNoTextAreReplaced() {
    #expect(learn(AgentID(bytes: [0x61, 0xFF, 0x62])) == "a\u{FFFD}b")
  }

  @Test mutating func longNamesAreCut() {
    #expect(learn("a", String(repeating: "n", count: 4096)).count == 160)
    #expect(learn(AgentID(String(repeating: "i", count: 4096))).count == 640)
  }

  @Test mutating func lookAlikesAreToldByAHashOfTheirIds() {
    _ = learn("a", "Twin")
    #expect(labels["a"] == "Twin")
    #expect(learn("b", "Twin") == "Twin#2de5")
    #expect(labels["a"] == "Twin#292c")
    #expect(learn("c", "Twi\u{200B}n") == "Twin#2c52")
  }

  @Test(
    arguments: [
      "Twin\u{A0}one", "Twin\u{2003}one", "Twin  one", " Twin one", "Twin one\u{2800}", "Twin\u{200B} one",
      "Tw\u{AD}in one", "Twin\u{3000}one",
    ])
  mutating func blanksAndWhatIsInvisibleMakeALookAlike(name: String) {
    _ = learn("a", "Twin one")
    #expect(learn("b", name).hasSuffix("#2de5"))
    #expect(labels["a"] == "Twin one#292c")
  }

  @Test mutating func twoSpellingsOfAnIdLookAlike() {
    _ = learn("caf\u{E9}")
    #expect(learn("cafe\u{301}").contains("#"))
    #expect(labels["caf\u{E9}"].contains("#"))
  }

  @Test mutating func nameThatIsAnothersIdIsTold() {
    _ = learn("a")
    #expect(learn("b", "a").hasPrefix("a#"))
    #expect(labels["a"].hasPrefix("a#"))
  }

  @Test mutating func nameOfOneselfAgainIsNoLookAlike() {
    _ = learn("a", "Twin")
    _ = learn("b", "Twin")
    #expect(learn("b", "Other") == "Other")
    #expect(labels["a"] == "Twin")
  }

  @Test mutating func thoseWhoLeaveMakeRoom() {
    _ = learn("a", "Twin")
    _ = learn("b", "Twin")
    labels.keepOnly { $0 == "a" }
    #expect(labels["a"] == "Twin")
    #expect(labels["b"] == "b")
    #expect(labels.count == 1)
  }
}
