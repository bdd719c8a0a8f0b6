import CLinux
import Console
import FleetModel
import Glibc
import Loop
import Redis
import Screen
import Terminal
import Wire

/// What the program does with its terminal.
extension ConsoleProgram {
  func watchTerminal() {
    loop.watch(terminal.descriptor, .readable) { [unowned self] readiness in
      if readiness.readable { readKeys() }
      if readiness.writable { terminal.flush() }
    }
  }

  private func readKeys() {
    while true {
      switch terminal.read() {
      case .bytes(let bytes): press(decoder.feed(bytes, at: MonotonicTime.now.milliseconds))
      case .nothing: return
      case .gone: return loop.stop()
      }
    }
  }

  private func press(_ keys: [Key]) {
    for report in decoder.takeReports() { terminal.note(report) }
    if let name = decoder.takeName() { terminal.note(name) }
    _ = model.update(.tick(now))
    if !keys.isEmpty { want(.key) }
    for key in keys { press(key) }
    loop.cancel(keyTimer)
    keyTimer = decoder.deadline.map { deadline in
      loop.schedule(at: MonotonicTime(nanoseconds: deadline * 1_000_000)) { [unowned self] in
        press(decoder.expire(at: MonotonicTime.now.milliseconds))
      }
    }
  }

  /// Takes one key. A question is answered only once it has been on the screen: letters pasted into a terminal that marks
  /// no pastes cannot both ask and answer.
  private func press(_ key: Key) {
    let (hadQuestion, proposal) = (model.isAsking, model.askedProposal)
    if hadQuestion, question != .seen, key != .escape, key != .control("c") { return }
    update(.key(key))
    if model.isAsking, !hadQuestion || model.askedProposal != proposal { question = .unseen }
  }

  func receive(signal: Int32) {
    switch signal {
    case SIGWINCH:
      terminal.resize()
      update(.resized(terminal.size))
    case SIGTSTP: suspend()
    case SIGCONT:
      terminal.resume()
      update(.resized(terminal.size))
    default: loop.stop()
    }
  }

  func suspend() {
    terminal.suspend()
    kill(0, SIGSTOP)
    terminal.resume()
    update(.resized(terminal.size))
  }
}
