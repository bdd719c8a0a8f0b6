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
    let message = ServiceRequest(notice: notice, channel: channel, now: now)
    var outcome = Outcome(hasArrived: false, words: "no answer")
    client.send(message.request) { result in
      outcome = Outcome(message, Redaction(table.secrets).apply(to: result))
      loop.stop()
    }
    withExtendedLifetime(client) { loop.run() }
    return outcome
  }
}

extension ChannelTest.Outcome {
  init(_ message: ServiceRequest, _ result: HTTPResult) {
    let answer =
      switch result {
      case .response(let response): response.words
      case .failed(let failure): failure.reason
      }
    hasArrived = if case .delivered = message.result(of: result, at: message.now) { true } else { false }
    words = PlainText.line(answer)
  }
}
