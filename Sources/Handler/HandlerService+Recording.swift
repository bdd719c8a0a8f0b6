import Logging
import Loop

/// What the recorder tells it, and when it asks for the lease by that.
extension HandlerService {
  /// How long a handler that cannot listen waits before it acts without recording.
  private static let listeningPatience: Int64 = 5000

  func recorderChanged(_ notice: Recorder.Update) {
    guard !isStopping else { return }
    switch notice {
    case .subscribed:
      loop.cancel(patience)
      becomeCandidate(listens: true)
      if let activeHandler { recorder.record(in: activeHandler.session) }
    case .recording: election.take(.recording(true))
    case .released(let isComplete):
      onShardNotice(.released)
      election.take(.otherReleased(isComplete: isComplete))
    case .unsubscribed:
      log(.warning, "no longer hears the channels; subscribing anew")
      guard activeHandler == nil else {
        // A gap of the recording is no reason to leave what is under way to somebody else.
        election.take(.hearsNothing)
        return election.take(.recording(false))
      }
      election.take(.withdrawn)
      isCandidate = false
      loop.cancel(patience)
      waitForRecorder()
    }
  }

  private func becomeCandidate(listens: Bool) {
    isCandidate = true
    onShardNotice(.changed)
    election.take(.candidacy(listens: listens))
  }

  func waitForRecorder() {
    patience = loop.schedule(inMilliseconds: Self.listeningPatience) { [weak self] in
      guard let self, !isStopping else { return }
      log(.warning, "cannot listen to channels; acting without recording")
      becomeCandidate(listens: false)
    }
  }
}
