import Automation
import FleetModel
import HTTP
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// The operator's own links in what people are told.
@Suite(.threaded) struct NoticeLinkTests {
  private static let now = Instant(milliseconds: 1_795_334_400_000)

  private static func links() throws -> [OwnLink] {
    [
      try OwnLink(name: "Logs <x>", url: "https://logs.internal/search?agent={agent}&role={role}"),
      try OwnLink(name: "Board", url: "https://g/d/x(1)?alert={alert}&from={since_ms}"),
      try OwnLink(name: "Model", url: "https://g/{model}"),
    ]
  }

  private static func notice(_ change: (inout Notice) -> Void = { _ in }) throws -> Notice {
    var notice = Notice(
      key: "agent.high_traffic/a 1", severity: .high, title: "busy", agents: ["a 1"], role: "s&r", at: now)
    change(&notice)
    notice.links = NoticeLinks.of(notice, try links(), at: now)
    return notice
  }

  private func body(_ notice: Notice, _ kind: Channel.Kind) throws -> JSONValue {
    let channel = Channel(kind, url: "https://service.example/x", routingKey: ServicesScene.routingKey)
    let request = ServiceRequest(notice: notice, channel: channel, now: Self.now).request
    return try JSONValue.parse(try #require(request.body))
  }

  @Test func noticeOfOneAgentCarriesTheLinksThatItFills() throws {
    let notice = try Self.notice()
    #expect(
      notice.links == [
        .init(name: "Logs <x>", url: "https://logs.internal/search?agent=a%201&role=s%26r"),
        .init(name: "Board", url: "https://g/d/x(1)?alert=agent.high_traffic&from=1795334400000"),
      ])
    #expect(try Self.notice { $0.agents = ["a", "b"] }.links.isEmpty)
    #expect(try Self.notice { $0.agents = [] }.links.isEmpty)
    #expect(NoticeCoding.decode(NoticeCoding.json(notice)) == notice)
  }

  @Test func storedLinkThatIsNoneIsLeftOut() throws {
    var json = try #require(NoticeCoding.json(try Self.notice()).object)
    json["links"] = [
      ["a", "javascript:x"], ["b", "https://u@h/"], ["c", "https://h/<x>"], ["d"], 7, ["e", "https://h/ok"],
    ]
    #expect(NoticeCoding.decode(.object(json))?.links == [.init(name: "e", url: "https://h/ok")])
  }

  @Test func eachServiceGetsThemAsItWritesLinks() throws {
    let notice = try Self.notice()
    let (logs, board) = (notice.links[0].url, notice.links[1].url)
    let pager = try body(notice, .pagerduty)["links"]
    #expect(pager?.list?.map { $0["href"]?.text } == [logs, board] && pager?.list?[1]["text"]?.text == "Board")
    #expect(try body(notice, .alertmanager).list?.first?["generatorURL"]?.text == logs)
    #expect(try body(notice, .webhook)["links"]?.list?.last == ["name": "Board", "url": .string(board)])
    let slack = try body(notice, .slack)["blocks"]?.list?.last
    #expect(slack?["type"]?.text == "section" && slack?["text"]?["type"]?.text == "mrkdwn")
    #expect(
      slack?["text"]?["text"]?.text
        == "<https://logs.internal/search?agent=a%201&amp;role=s%26r|Logs &lt;x&gt;>   "
        + "<https://g/d/x(1)?alert=agent.high_traffic&amp;from=1795334400000|Board>")
    let discord = try body(notice, .discord)["embeds"]?.list?.first?["fields"]?.list?.last
    #expect(discord?["name"]?.text == "links")
    #expect(discord?["value"]?.text?.contains("](https://g/d/x%281%29?alert=agent.high_traffic&from=") == true)
  }

  @Test func withoutLinksNothingIsSaidOfThem() throws {
    var notice = try Self.notice()
    notice.links = []
    for kind in Channel.Kind.allCases {
      let text = String(decoding: try body(notice, kind).encoded, as: UTF8.self)
      #expect(
        !text.contains("\"links\"") && !text.contains("generatorURL") && !text.contains("mrkdwn\",\"text"), "\(kind)")
    }
  }
}
