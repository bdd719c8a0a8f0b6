import CLinux
import Glibc

/// How a program's run ended. Its output is the last of what it and its children wrote to stdout and stderr.
package enum ChildResult: Equatable, Sendable {
  case exited(status: Int32, output: [UInt8])
  case signaled(Int32, output: [UInt8])
  /// It was ended because its time was over, however it took that.
  case timedOut(output: [UInt8])
  case notStarted(String)
}

/// One run of a program, without a shell, from its start to the end of its whole process group.
///
/// ```
///              leader gone: SIGTERM to the rest          output closed
///   running ──────────────────────────────▶ ending ──────────────────────▶ over: SIGKILL to the rest, result
///      │                                     ▲   │                          ▲
///      └─────────────────────────────────────┘   └──────────▶ killed ───────┘
///          time is up: SIGTERM to all         grace is over:     leader gone
///                                             SIGKILL to all
/// ```
///
/// It is a class because it owns the processes: letting go of it kills them. They die with this process too, the leader
/// by its death signal.
package final class ChildRun {
  private enum Stage {
    case running
    /// SIGTERM is sent.
    case ending(timedOut: Bool, leaderIsGone: Bool)
    /// SIGKILL is sent; the leader's end is still to come.
    case killed(timedOut: Bool)
    case over
  }

  private let loop: Loop
  private let grace: Int64
  private let keeping: Int
  private let completion: (ChildResult) -> Void
  private var stage = Stage.running
  private var child: Child?
  /// The pipe's end to read from; negative once it is closed.
  private var pipe: Int32 = -1
  private var output: [UInt8] = []
  private var timer: Loop.TimerID?

  /// How many bytes of its output are kept by default, the last of it.
  package static let kept = 4096

  /// Starts a program with nothing to read.
  ///
  /// - Parameters:
  ///   - arguments: the program's path, which is not searched for, and its arguments.
  ///   - environment: names and values; nothing else is handed on.
  ///   - limit: milliseconds after which the whole group is ended.
  ///   - grace: milliseconds from SIGTERM to SIGKILL, if some of the group are left.
  ///   - keeping: how many bytes of its output are kept, the last of it.
  ///   - completion: called once, in a later turn of the loop and never from within this call; not at all if this is
  ///     let go first.
  package init(
    on loop: Loop, _ arguments: [String], environment: [String: String], limit: Int64, grace: Int64 = 2000,
    keeping: Int = ChildRun.kept,
    _ completion: @escaping (ChildResult) -> Void
  ) {
    self.loop = loop
    self.grace = grace
    self.keeping = keeping
    self.completion = completion
    do throws(SystemError) {
      try start(arguments, environment)
      timer = loop.schedule(inMilliseconds: limit) { [weak self] in self?.end(timedOut: true, leaderIsGone: false) }
    } catch {
      stage = .over
      closePipe()
      timer = loop.schedule(at: .now) { completion(.notStarted("\(error)")) }
    }
  }

  deinit {
    loop.cancel(timer)
    release()
  }

  /// The leader's process id, which is the group's too; nil if there is none.
  package var pid: pid_t? { child?.pid }

  private func start(_ arguments: [String], _ environment: [String: String]) throws(SystemError) {
    let path = arguments.first ?? ""
    // C would cut these short, or take a part of a name for the value.
    let texts = arguments + environment.keys + environment.values
    guard !texts.contains(where: { $0.utf8.contains(0) }), !environment.keys.contains(where: { $0.contains("=") })
    else {
      throw SystemError("start", path, code: EINVAL)
    }
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { throw SystemError("open a pipe for", path) }
    pipe = ends[0]
    defer { close(ends[1]) }
    for end in ends { _ = vigia_set_close_on_exec(end) }
    _ = vigia_set_nonblocking(pipe)
    let started = try Child(
      path, Array(arguments.dropFirst()), environment: environment, output: ends[1], error: ends[1])
    child = started
    loop.watch(pipe, .readable) { [weak self] _ in self?.read() }
    loop.watch(started.pidDescriptor, .readable) { [weak self] _ in self?.leaderEnded() }
  }

  // MARK: Inputs

  /// One read a turn: a program that never stops writing must not keep the loop from its other work.
  private func read() {
    let length = Glibc.read(pipe, loop.scratch.baseAddress, loop.scratch.count)
    if length > 0 {
      output += UnsafeRawBufferPointer(rebasing: loop.scratch[..<length]).suffix(keeping)
      output.removeFirst(max(0, output.count - keeping))
    } else if length == 0 || (errno != EAGAIN && errno != EINTR) {
      closePipe()
      if case .ending(let timedOut, leaderIsGone: true) = stage { finish(timedOut: timedOut) }
    }
  }

  /// It is not waited for yet: while it is a zombie, its group's number cannot become another's.
  private func leaderEnded() {
    if let child { loop.unwatch(child.pidDescriptor) }
    switch stage {
    case .running: end(timedOut: false, leaderIsGone: true)
    case .ending(let timedOut, _):
      stage = .ending(timedOut: timedOut, leaderIsGone: true)
      if pipe < 0 { finish(timedOut: timedOut) }
    case .killed(let timedOut): finish(timedOut: timedOut)
    case .over: break
    }
  }

  private func end(timedOut: Bool, leaderIsGone: Bool) {
    guard case .running = stage else { return }
    loop.cancel(timer)
    child?.signalGroup(SIGTERM)
    stage = .ending(timedOut: timedOut, leaderIsGone: leaderIsGone)
    if leaderIsGone, pipe < 0 { return finish(timedOut: timedOut) }
    timer = loop.schedule(inMilliseconds: grace) { [weak self] in self?.kill() }
  }

  private func kill() {
    guard case .ending(let timedOut, let leaderIsGone) = stage else { return }
    child?.signalGroup(SIGKILL)
    stage = .killed(timedOut: timedOut)
    if leaderIsGone { finish(timedOut: timedOut) }
  }

  // MARK: The end

  /// What is in the pipe still counts, whoever holds it: a process that left the group may do so for ever.
  private func finish(timedOut: Bool) {
    stage = .over
    loop.cancel(timer)
    if pipe >= 0 { read() }
    child?.signalGroup(SIGKILL)
    let ending = child?.waitForEnding()
    release()
    switch ending {
    case _ where timedOut: completion(.timedOut(output: output))
    case .exited(let status): completion(.exited(status: status, output: output))
    case .signaled(let signal): completion(.signaled(signal, output: output))
    case nil: break
    }
  }

  private func release() {
    closePipe()
    guard let child else { return }
    loop.unwatch(child.pidDescriptor)
    child.signalGroup(SIGKILL)
    self.child = nil
  }

  private func closePipe() {
    guard pipe >= 0 else { return }
    loop.unwatch(pipe)
    close(pipe)
    pipe = -1
  }
}
