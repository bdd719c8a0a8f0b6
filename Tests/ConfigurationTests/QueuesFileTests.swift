import Configuration
import FleetModel
import Testing

/// `[[queues]]` of the handler's file.
@Suite struct QueuesFileTests {
  private func read(_ text: String) throws(ConfigurationError) -> [QueueSettings] {
    try HandlerFile.read(Array(text.utf8), file: "handler.toml").queues
  }

  private func problem(_ text: String) -> String {
    do throws(ConfigurationError) {
      _ = try read(text)
      return "none"
    } catch {
      return "\(error)"
    }
  }

  @Test func queuesAreRead() throws {
    #expect(try read("") == [])
    let queues = try read(
      """
      [[queues]]
      stream = "orders"
      group = "workers"
      max_lag = 10_000
      max_age = "5m"
      nobody_reads_after = "30s"
      [[queues]]
      stream = "mail"
      group = "send*"
      [[queues]]
      stream = "all"
      group = "*"
      """)
    var first = QueueSettings(stream: "orders")
    (first.groups, first.mostLag, first.mostAge, first.unreadAfter) = (
      .named("workers"), 10_000, .minutes(5), .seconds(30)
    )
    #expect(queues[0] == first)
    #expect(queues[1].groups == .beginning("send") && queues[1].unreadAfter == .minutes(1))
    #expect(queues[2].groups == .all)
  }

  @Test(
    arguments: [
      ("group = 'x'", "stream: is missing; expected the key of a stream"),
      ("stream = ''", "stream: is the text \"\"; expected the key of a stream"),
      ("stream = 'a'\ngroup = 'a*b*'", "expected the name of a group, or its beginning and a star"),
      ("stream = 'a'\ngroup = 'a*b'", "expected the name of a group, or its beginning and a star"),
      ("stream = 'a'\nmax_lag = -1", "max_lag: is the number -1; expected a whole number from 0"),
      ("stream = 'a'\nnobody_reads_after = '5s'", "expected a span from 10s to 30d"),
      ("stream = 'a'\nmax_leg = 1", "unknown key; an entry of queues has stream, group"),
      ("stream = 'a'\n[[queues]]\nstream = 'a'", "queues[1].stream: stands twice with the same groups"),
    ])
  func wrongValuesAreNamed(_ text: String, _ words: String) {
    #expect(problem("[[queues]]\n\(text)\n").contains(words), "\(problem("[[queues]]\n\(text)\n"))")
  }

  @Test func thereAreBounds() {
    let many = (0...QueueSettings.most).map { "[[queues]]\nstream = 's\($0)'\n" }.joined()
    #expect(problem(many).contains("has 65 entries; expected 64 at most"))
    #expect(problem("[[queues]]\nstream = '\(String(repeating: "x", count: 257))'\n").contains("the key of a stream"))
  }
}
