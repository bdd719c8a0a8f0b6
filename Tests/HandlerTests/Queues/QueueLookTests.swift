import FleetModel
import Redis
import TestSupport
import Testing

@testable import Handler

/// What is made of the server's answer about a stream.
@Suite struct QueueLookTests {
  private func finding(_ error: String) -> QueueLook.Finding {
    QueueLook(settings: QueueSettings(stream: "orders")).finding(.error(ServerError(error)), at: .at(1))
  }

  @Test(arguments: [
    (
      "ERR Script attempted to access a non local key in a cluster node script: 8618bc55, on @user_script:1.",
      "it is on another node of the cluster than the handler's keys"
    ),
    ("ERR something else", "Redis refuses to tell: ERR something else"),
  ])
  func refusalIsNamedAndTheStreamIsNotGone(error: String, words: String) {
    let finding = self.finding(error)
    #expect(finding.queues.map(\.fault) == [words] && !finding.isGone)
  }
}
