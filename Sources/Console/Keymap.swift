import FleetModel
import Screen

/// The keys of the console: one table, from which keys are understood and help and footer are made.
package struct Keymap: Sendable {
  package struct Binding: Sendable {
    package let keys: [Key]
    /// How help writes the keys.
    package let label: String
    package let intent: Intent
    /// What it does, in help.
    package let summary: String
    /// The word in the footer; nil for keys that stand in help only.
    package let short: String?

    init(_ keys: [Key], _ label: String, _ intent: Intent, _ summary: String, short: String? = nil) {
      self.keys = keys
      self.label = label
      self.intent = intent
      self.summary = summary
      self.short = short
    }
  }

  /// A heading and its keys.
  package struct Section: Sendable {
    package let title: String
    package let bindings: [Binding]
  }

  package static let sections: [Section] = [
    Section(
      title: "Act on the selected or the marked agents",
      bindings: [
        Binding([.character("p")], "p", .act(.pause), "pause for a while; ends by itself", short: "pause"),
        Binding([.character("r")], "r", .act(.resume), "resume", short: "resume"),
        Binding([.character("R")], "R", .act(.restart), "restart", short: "restart"),
        Binding([.character("s")], "s", .act(.scale), "scale: replicas, or by, cpu, memory", short: "scale"),
        Binding([.character("l")], "l", .act(.rateLimit), "limit messages a minute; 0 lifts it", short: "limit"),
        Binding([.character("e")], "e", .act(.escalate), "escalate to a person or team", short: "escalate"),
        Binding([.character("b")], "b", .act(.blockIP), "block an IP address", short: "block IP"),
        Binding([.character("B")], "B", .act(.activateBackup), "activate the backup agent", short: "backup"),
        Binding([.character("V")], "V", .act(.rollback), "roll back to another version"),
        Binding([.character("u")], "u", .act(.undo), "undo your last command", short: "undo"),
        Binding(
          [.character("a")], "a", .act(.acknowledge), "acknowledge the alerts, or take that back", short: "ack"),
        Binding(
          [.character("S")], "S", .act(.silence), "silence the alerts for a while, or end the silence",
          short: "silence"),
        Binding([.character("c")], "c", .act(.close), "close the alerts; trouble that goes on opens them again"),
        Binding([.character("t")], "t", .act(.transfer), "hand a conversation over to another agent"),
      ]),
    Section(
      title: "Automation",
      bindings: [
        Binding([.character("A")], "A", .act(.approve), "approve a proposal"),
        Binding([.character("D")], "D", .act(.reject), "decline a proposal"),
        Binding(
          [.character("x")], "x", .explain, "why rules did or did not act: on an event, action or agent", short: "why"),
        Binding(
          [.character("m")], "m", .act(.automation), "switch automation on, dry or off for the whole fleet",
          short: "auto"),
      ]),
    Section(
      title: "Look",
      bindings: [
        Binding([.enter], "Enter", .open, "open the agent (series, events, commands), or a heading", short: "open"),
        Binding([.escape], "Esc", .back, "back; clear marks, filter and order"),
        Binding([.character(" ")], "Space", .mark, "mark the agent, or take the mark off", short: "mark"),
        Binding([.character("*")], "*", .markAll, "mark all that are shown, or take those marks off", short: "all"),
        Binding([.character("o")], "o", .order, "order the agents by the next column", short: "sort"),
        Binding([.character("I")], "I", .invert, "turn the order round"),
        Binding([.character("/")], "/", .filter, "show only agents with this text", short: "filter"),
        Binding([.character("L")], "L", .tools, "links and commands of your own for the agent"),
        Binding([.character("F")], "F", .coming, "what is coming: forecasts with their fans, maintenance"),
        Binding([.character("f")], "f", .freeze, "freeze the display; events go on counting", short: "freeze"),
        Binding([.character("?")], "?", .help, "this help", short: "help"),
        Binding([.character("q"), .control("c")], "q", .quit, "quit", short: "quit"),
      ]),
    Section(
      title: "Mark a span of time, in the open agent or in what is coming",
      bindings: [
        Binding([.character("v")], "v", .markSpan, "begin; again: its start. Enter ranks what changed in it"),
        Binding([.left], "Left", .moveMark(minutes: -1), "its end a minute back"),
        Binding([.right], "Right", .moveMark(minutes: 1), "its end a minute on"),
        Binding([.character("<")], "<", .moveMark(minutes: -15), "its end 15 minutes back"),
        Binding([.character(">")], ">", .moveMark(minutes: 15), "its end 15 minutes on"),
      ]),
    Section(
      title: "Move",
      bindings: [
        Binding([.up, .character("k")], "Up k", .up, "up"),
        Binding([.down, .character("j")], "Down j", .down, "down"),
        Binding([.pageUp, .control("b")], "PgUp", .pageUp, "a page up"),
        Binding([.pageDown, .control("f")], "PgDn", .pageDown, "a page down"),
        Binding([.home, .character("g")], "Home g", .first, "to the first row"),
        Binding([.end, .character("G")], "End G", .last, "to the last row"),
        Binding([.tab], "Tab", .nextPane, "to the next pane"),
        Binding([.backTab], "Shift-Tab", .previousPane, "to the previous pane"),
        Binding(
          [.character("1")], "1…8", .pane(.agents), "to a pane by its number; 7: queues, 8: who waits"),
        Binding([.control("z")], "Ctrl-Z", .suspend, "suspend; fg comes back"),
        Binding([.control("l")], "Ctrl-L", .redraw, "draw the screen anew"),
      ]),
  ]

  private static let intents: [Key: Intent] = {
    var intents: [Key: Intent] = [:]
    for section in sections {
      for binding in section.bindings { for key in binding.keys { intents[key] = binding.intent } }
    }
    for pane in PaneID.allCases { intents[.character(Character("\(pane.rawValue + 1)"))] = .pane(pane) }
    return intents
  }()

  package static func intent(of key: Key) -> Intent? { intents[key] }
}
