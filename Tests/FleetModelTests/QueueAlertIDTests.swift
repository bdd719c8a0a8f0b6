import FleetModel
import Testing

@Suite struct QueueAlertIDTests {
  @Test(arguments: [
    QueueAlertID(.nobodyReads, stream: "orders", group: "workers"), .init(.tooOld, stream: "a/b%c", group: nil),
    .init(.tooLong, stream: "%2F", group: ""), .init(.nobodyReads, stream: "é", group: "%25/"),
  ])
  func textIsReadAsItIsWritten(_ id: QueueAlertID) {
    #expect(QueueAlertID(id.text) == id)
  }

  @Test func slashesAreEscaped() {
    #expect(
      QueueAlertID(.nobodyReads, stream: "shop/orders", group: "w").text == "queue.nobody_reads/shop%2Forders/w")
  }

  @Test(arguments: [
    "", "queue.nobody_reads", "queue.nobody_reads/", "queue.nobody_reads//g", "queue.else/a", "queue.too_old/a/b/c",
    "queue.too_old/%", "queue.too_old/a%2", "queue.too_old/a/%zz", "agent.silent/a",
  ])
  func whatIsNoneIsNone(_ text: String) {
    #expect(QueueAlertID(text) == nil)
  }
}
