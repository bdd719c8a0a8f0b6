import Testing
import Wire

@Suite struct AccessTableTests {
  private func rules(
    _ role: AccessRole, _ dialect: AccessDialect = .redis7, prefix: String = "agentos", reads: [String] = []
  ) throws -> String {
    AccessTable(role, Keys(try KeyPrefix(prefix)), reads: reads.map { Array($0.utf8) }).rules(in: dialect)
      .joined(separator: " ")
  }

  @Test func viewerReadsAndListensOnly() throws {
    #expect(
      try rules(.viewer) == """
        %R~agentos:* &agent.* &agents.* &agentos.recorder +ping +client|setname +time +subscribe +psubscribe +xread \
        +xrange +xrevrange +xinfo|stream +get +mget +hgetall +scan +hget +hmget +zrangebyscore
        """)
  }

  @Test func operatorAddsToStreamsOfCommandsOnly() throws {
    let viewer = try rules(.viewer).split(separator: " ").drop { $0 != "+ping" }.dropFirst().joined(separator: " ")
    #expect(
      try rules(.operator("ada")) == """
        %R~agentos:* ~agentos:commands ~agentos:commands:ada &agent.* &agents.* &agentos.recorder +ping \(viewer) +xadd
        """)
  }

  @Test func operatorBefore70MayNotTouchTheControlStream() throws {
    let words = try rules(.operator("ada"), .redis6).split(separator: " ")
    #expect(words.contains("~agentos:events") && words.contains("~agentos:commands:ada"))
    #expect(!words.contains("~agentos:control") && !words.contains("~agentos:*"))
    #expect(!words.contains { $0.hasPrefix("%") || $0.hasPrefix("(") })
    let table = AccessTable(.operator("ada"), Keys())
    #expect(table.remarks(in: .redis6).joined().contains("forge events and audit lines"))
    #expect(table.remarks(in: .redis7) == [])
  }

  @Test func publisherAndRuntimeMayNotSpeakOnControlChannels() throws {
    #expect(
      try rules(.publisher) == "~agentos:events &agent.* &agents.* +ping +client|setname +publish +xadd")
    #expect(
      try rules(.runtime(readsAsGroup: false), .redis72, prefix: "{fleet}") == """
        %R~{fleet}:control &agent.* &agents.* +ping +client|setname +time +publish +cluster|slots +cluster|myid \
        +cluster|info +client|setinfo +xread +xrange +xinfo|stream (~{fleet}:events +xadd) \
        (&fleet.control.* +subscribe +unsubscribe +psubscribe +punsubscribe)
        """)
    #expect(
      try rules(.runtime(readsAsGroup: true), .redis6) == """
        ~agentos:control &agent.* &agents.* +ping +client|setname +time +publish +xread +xrange +xinfo|stream +xgroup|create \
        +xreadgroup +xack
        """)
  }

  @Test func maintainerMendsDeadLettersOnly() throws {
    let rules = try rules(.maintainer("ada"))
    let mending = """
       (~agentos:events ~agentos:commands ~agentos:commands:ada +xadd) (~agentos:dead +xdel +xtrim) \
      (~agentos:dead ~agentos:events ~agentos:commands ~agentos:commands:ada +eval +evalsha +script|load)
      """
    #expect(rules.hasSuffix(mending))
    #expect(!rules.dropLast(mending.count).contains("+xadd"))
  }

  @Test func handlerHasAllKeysAndReadsTheQueuesThatItIsToldOf() throws {
    let rules = try rules(.handler, reads: ["orders"]).split(separator: " ")
    #expect(
      rules.starts(with: [
        "%R~orders", "~agentos:*", "&agent.*", "&agents.*", "&agentos.recorder", "&agentos.control.*",
      ]))
    #expect(rules.contains("+xinfo|consumers") && !rules.contains("+flushall") && !rules.contains("+config"))
  }

  /// What is tried by a row is granted too.
  @Test(arguments: AccessDialect.allCases)
  func everyCommandOfARowIsGranted(dialect: AccessDialect) {
    let roles: [AccessRole] = [.viewer, .operator("ada"), .maintainer("ada"), .handler, .publisher, .doctor]
    for role in roles {
      let table = AccessTable(role, Keys())
      let granted = Set(table.grants(in: dialect).flatMap(\.commands))
      for row in table.rows {
        for command in row.commands { #expect(granted.contains(AccessTable.ruleName(command)), "\(role) \(command)") }
      }
    }
  }

  @Test func namesOfRightsAreThoseOfTheServer() {
    #expect(AccessTable.ruleName("XINFO STREAM @") == "xinfo|stream" && AccessTable.ruleName("GET @") == "get")
    #expect(AccessTable.words("XGROUP CREATE @ g 0", on: Array("s".utf8)) == "XGROUP CREATE s")
    #expect(AccessTable.words("SCAN 0", on: []) == "SCAN")
  }

  @Test func dialectFollowsFromTheVersion() {
    #expect(AccessDialect(major: 6, minor: 0) == nil && AccessDialect(major: 5, minor: 9) == nil)
    #expect(AccessDialect(major: 6, minor: 2) == .redis6 && AccessDialect(major: 7, minor: 0) == .redis7)
    #expect(AccessDialect(major: 7, minor: 2) == .redis72 && AccessDialect(major: 9, minor: 1) == .redis72)
  }
}
