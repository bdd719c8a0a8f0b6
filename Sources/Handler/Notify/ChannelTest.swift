import Automation
import FleetModel
import HTTP
import Logging
import Loop
import Redis

/// One test notice, sent once through a channel: whether its address is right, and what its service answers.
package enum ChannelTest {
  /// What came of it, in words without a secret.
  package struct Outcome: Equatable, Sendable {
    package let hasArrived: Bool
    package let words: String
  }

  /// Sends it, and runs the loop until the answer is there.
  ///
  /// - Returns: nil if there is no channel of that name.
  package static func run(_ name: String, _ table: NotifyTable, on loop: Loop) throws(SystemError) -> Outcome? {
    guard let channel = table[name] else { return nil }
    let client = try HTTPClient(loop: loop)
    let now = LocalClock.now
    let notice = Notice(
      key: "vigia/test/\(name)/\(now.milliseconds)", status: .info, severity: .low, title: "vigia notify test",
      text: "This is a test of the channel \(name). Nothing is wrong.", at: now)
    let entry = OutboxEntry(
      id: OutboxEntry.ID(fence: 0, number: 0), channel: name, notice: notice, next: now,
      deadline: now + channel.deadline)
    var delivery = NoticeDelivery(entry, channel, message: nil, at: now)
    var outcome = Outcome(hasArrived: false, words: "no answer")
    client.send(delivery.request(at: now)) { result in
      let redacted = Redaction(table.secrets).apply(to: result)
      // A first message is one request.
      if case .over(let verdict, _) = delivery.take(result, redacted: redacted, at: now) {
        outcome = Outcome(verdict, redacted)
      }
      loop.stop()
    }
    withExtendedLifetime(client) { loop.run() }
    return outcome
  }
}

extension ChannelTest.Outcome {
  init(_ verdict: DeliveryResult, _ answer: HTTPResult) {
    switch (verdict, answer) {
    case (.delivered, .response(let response)): (hasArrived, words) = (true, PlainText.line(response.words))
    case (.delivered, .failed(let failure)): (hasArrived, words) = (true, PlainText.line(failure.reason))
    case (.retry(let reason, _), _), (.refused(let reason), _), (.endpointGone(let reason), _):
      (hasArrived, words) = (false, PlainText.line(reason))
    }
  }
}
