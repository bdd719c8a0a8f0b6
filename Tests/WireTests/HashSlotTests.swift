import Testing
import Wire

@Suite struct HashSlotTests {
  /// As CLUSTER KEYSLOT of Redis 7.0.15 answers.
  @Test(arguments: [
    ("foo", 12182), ("bar", 5061), ("123456789", 12739), ("", 0), ("{agentos}:events", 3081), ("agentos", 3081),
    ("{}agentos", 1281), ("a{agentos}b{c}", 3081), ("{{agentos}}", 10922), ("{agentos", 10922),
  ])
  func slotIsTheServers(_ key: String, _ slot: Int) {
    #expect(HashSlot.of(Array(key.utf8)) == slot)
  }
}
