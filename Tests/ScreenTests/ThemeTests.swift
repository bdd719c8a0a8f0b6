import Screen
import Testing

struct ThemeTests {
  @Test func roleLettersAreDistinct() {
    #expect(Set(Role.allCases.map(\.letter)).count == Role.allCases.count)
  }

  @Test func roleIsFoundByItsName() {
    #expect(Role.alertCritical.name == "alertCritical")
    #expect(Role(name: "alertCritical") == .alertCritical)
    #expect(Role(name: "pink") == nil)
  }

  @Test func plainThemeHasNoColour() {
    for role in Role.allCases {
      #expect(Theme.plain[role].foreground == nil && Theme.plain[role].background == nil)
    }
    #expect(Theme.plain[.selected].attributes == [.bold, .reverse])
  }

  @Test func roleLeftOutLooksPlain() {
    let red = Style(foreground: Color(hex: "#f00"))
    let theme = Theme(name: "mine", styles: [.bad: red])
    #expect(theme[.bad] == red)
    #expect(theme[.selected] == Theme.plain[.selected])
  }

  @Test(arguments: ["", "#", "#ff", "ff0000", "#ff00zz", "#ffff", "#ff00000", "#日本"])
  func badColourIsRefused(_ text: String) { #expect(Color(hex: text) == nil) }

  @Test func colourIsReadInBothLengths() {
    #expect(Color(hex: "#f80") == Color(red: 255, green: 136, blue: 0))
    #expect(Color(hex: "#1a2B3c") == Color(red: 26, green: 43, blue: 60))
  }

  @Test func nearestColoursAreXtermsOwn() throws {
    let orange = try #require(Color(hex: "#ff8700"))
    #expect(orange.nearest256() == 208)
    let grey = try #require(Color(hex: "#808080"))
    #expect(grey.nearest256() == 244)
    #expect(grey.nearest16() == 8)
    #expect(grey.nearest8() == 7)
    let black = try #require(Color(hex: "#000"))
    #expect(black.nearest256() == 16)
    let red = try #require(Color(hex: "#ff0000"))
    #expect(red.nearest256() == 196)
    #expect(red.nearest16() == 9)
    #expect(red.nearest8() == 1)
    let white = try #require(Color(hex: "#fff"))
    #expect(white.nearest256() == 231)
    #expect(white.nearest8() == 7)
  }
}
