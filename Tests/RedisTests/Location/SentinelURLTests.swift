import Redis
import TestThreads
import Testing

@Suite(.threaded) struct SentinelURLTests {
  private func node(_ host: String, _ port: UInt16 = 26379) -> SentinelGroup.Node { .init(host: host, port: port) }

  @Test func listsSentinelsAndNamesTheMaster() throws {
    let endpoint = try Endpoint(url: "redis+sentinel://h1:5000,h2,[::1]:7/mymaster")
    #expect(
      endpoint
        == Endpoint(
          address: .sentinel(
            SentinelGroup(sentinels: [node("h1", 5000), node("h2"), node("::1", 7)], name: "mymaster"))))
    #expect("\(endpoint)" == "mymaster (sentinels h1:5000, h2:26379, [::1]:7)")
  }

  @Test func credentialsOfServersAndOfSentinelsAreTwoThings() throws {
    let endpoint = try Endpoint(
      url: "redis+sentinel://u:p%40@h1/group/3?sentinel-user=s&sentinel-password=q%26")
    let group = SentinelGroup(sentinels: [node("h1")], name: "group", user: "s", password: "q&")
    #expect(endpoint == Endpoint(address: .sentinel(group), user: "u", password: "p@", database: 3))
    #expect(!"\(endpoint)".contains("p@") && !"\(endpoint)".contains("q&"))
    #expect(endpoint.secrets == ["p@", "q&"])
  }

  @Test(arguments: [
    ("redis+sentinel://h1", "no name of the master"), ("redis+sentinel://h1/", "no name of the master"),
    ("redis+sentinel://h1,,h2/m", "empty place"), ("redis+sentinel:///m", "empty place"),
    ("redis+sentinel://h1/m/x", "not a number"), ("redis+sentinel://h1/m/0/1", "more than a database"),
    ("redis+sentinel://h1/m%20n", "a character that no such name has"),
    ("redis+sentinel://h1:0/m", "not one of 1…65535"), ("redis+sentinel://h1/m?db=1", "only sentinel-user"),
    ("redis+sentinel://h1/m?sentinel-user", "has no value"),
    ("redis+sentinel://" + (1...17).map { "h\($0)" }.joined(separator: ",") + "/m", "more than 16 sentinels"),
    ("redis+sentinel://h1/" + String(repeating: "m", count: 257), "too long"),
  ])
  func whatIsNoURLSaysWhy(url: String, reason: String) {
    do {
      _ = try Endpoint(url: url)
      Issue.record("\(url) was taken")
    } catch {
      #expect("\(error)".contains(reason))
    }
  }
}
