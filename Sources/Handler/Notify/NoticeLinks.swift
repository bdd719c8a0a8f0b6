import Automation
import FleetModel
import Wire

/// The operator's own links of a notice, as each service writes them. Addresses hold no byte that any of them reads as the
/// end of one: see ``OwnLink``.
enum NoticeLinks {
  private static let mostBySlack = 2000
  private static let mostByDiscord = 1024

  /// The links whose places a notice of one agent fills.
  static func of(_ notice: Notice, _ links: [OwnLink], at now: Instant) -> [Notice.Link] {
    guard !links.isEmpty, notice.agents.count == 1, let agent = notice.agents.first else { return [] }
    var facts = LinkFacts(at: now)
    (facts.agent, facts.role, facts.severity, facts.since) = (agent, notice.role, notice.severity, notice.at)
    facts.alert = AlertID(bytes: Array(notice.key.utf8))?.kind
    return links.compactMap { link in link.address(facts).map { Notice.Link(name: link.name, url: $0) } }
  }

  /// `{"href", "text"}` of PagerDuty's events.
  static func pagerDuty(_ links: [Notice.Link]) -> JSONValue? {
    guard !links.isEmpty else { return nil }
    return .array(links.map { ["href": .string($0.url), "text": .string(PlainText.line($0.name))] })
  }

  static func webhook(_ links: [Notice.Link]) -> JSONValue? {
    guard !links.isEmpty else { return nil }
    return .array(links.map { ["name": .string(PlainText.line($0.name)), "url": .string($0.url)] })
  }

  /// A section of Slack's: the one place of a message that is markup.
  static func slack(_ links: [Notice.Link]) -> JSONValue? {
    var text = ""
    for link in links {
      let name = PlainText.line(link.name).map(PlainText.slackEscaped).joined()
      let url = link.url.map(PlainText.slackEscaped).joined()
      let written = "\(text.isEmpty ? "" : "   ")<\(url)|\(name)>"
      if text.utf16.count + written.utf16.count <= mostBySlack { text += written }
    }
    guard !text.isEmpty else { return nil }
    return ["type": "section", "text": ["type": "mrkdwn", "text": .string(text), "verbatim": true]]
  }

  /// A field of Discord's embed.
  static func discord(_ links: [Notice.Link], _ room: inout Int) -> JSONValue? {
    let name = "links"
    var text = ""
    for link in links {
      let url = link.url.split(separator: "(", omittingEmptySubsequences: false).joined(separator: "%28")
        .split(separator: ")", omittingEmptySubsequences: false).joined(separator: "%29")
      let written = "\(text.isEmpty ? "" : "\n")[\(DiscordText.escaped(PlainText.line(link.name)))](\(url))"
      if text.utf16.count + written.utf16.count <= min(mostByDiscord, room - name.utf16.count) { text += written }
    }
    guard !text.isEmpty else { return nil }
    room -= name.utf16.count + text.utf16.count
    return ["name": .string(name), "value": .string(text), "inline": false]
  }
}
