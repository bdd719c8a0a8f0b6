import Loop

/// How it gives the lease back, and ends.
extension HandlerService {
  /// Finishes what is under way, gives the lease back, and then calls `completion`.
  package func stop(_ completion: @escaping () -> Void) {
    isStopping = true
    election.take(.withdrawn)
    giveBack { [weak self] in
      self?.halt()
      completion()
    }
  }

  /// Finishes what is under way, gives the lease back once all that was heard is written, stands by, and then calls
  /// `completion`; at once if it does not lead.
  func handOver(_ completion: @escaping () -> Void) {
    guard !isStopping else { return completion() }
    giveBack(completion)
  }

  /// Lets go of everything at once, as a crash would: the lease stays until it expires.
  package func halt() {
    loop.cancel(patience)
    election.halt()
    closeHandler()
    telemetry.stop()
    recorder.stop()
    main.stop()
  }

  private func giveBack(_ completion: @escaping () -> Void) {
    if let others = handOverEnd {
      // It is under way: who ends meanwhile waits for it.
      handOverEnd = {
        others()
        completion()
      }
      return
    }
    guard let activeHandler else { return completion() }
    handOverEnd = completion
    activeHandler.finish { [weak self] in
      self?.recorder.finish { self?.release() }
    }
  }

  private func release() {
    var isDone = false
    let done = { [weak self] in
      guard !isDone, let self else { return }
      isDone = true
      let completion = handOverEnd
      handOverEnd = nil
      completion?()
    }
    // A server that says nothing keeps nobody from ending: the lease ends by itself.
    loop.schedule(inMilliseconds: options.leaseSpan.milliseconds, done)
    election.release(isComplete: true, done)
  }
}
