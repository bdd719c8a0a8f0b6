import Automation
import Execution
import FleetModel
import HTTP
import Logging
import Loop
import Redis
import Wire

/// Effects outside of Redis: requests of services and runs of programs, in the handler's own loop.
///
/// | what came of a request | safe to repeat | otherwise |
/// |---|---|---|
/// | 2xx | done | done |
/// | 429; no connection | again, then failed | again, then failed |
/// | 408, 425, 5xx; broken off, timed out | again, then unknown | unknown |
/// | anything else | failed | failed |
///
/// A class, because what is under way has its place here.
final class ActuatorRunner: ActuatorClient {
  /// What is under way for one call: a request, a program, or the pause before the next attempt.
  private struct Work {
    var request: HTTPCall?
    var program: ChildRun?
    var pause: Loop.TimerID?
    /// Whether whoever finds its intent can do it again, or find out whether it was done.
    var isResumable: Bool
  }

  private let loop: Loop
  private let client: any HTTPSender
  /// Knows what must not be told of what comes back.
  private let log: Log
  private var works: [Int: Work] = [:]
  private var lastNumber = 0

  /// - Parameter authorities: a PEM file of those whose certificates are trusted; nil for the system's.
  convenience init(loop: Loop, log: Log, authorities: String? = nil) throws(SystemError) {
    self.init(loop: loop, log: log, client: try HTTPClient(loop: loop, authorities: authorities))
  }

  init(loop: Loop, log: Log, client: any HTTPSender) {
    self.loop = loop
    self.log = log
    self.client = client
  }

  var isIdle: Bool { works.isEmpty }

  func abandon(onlyResumable: Bool) {
    for (number, work) in works where work.isResumable || !onlyResumable {
      work.request?.cancel()
      loop.cancel(work.pause)
      works[number] = nil
    }
  }

  func perform(
    _ call: ActuatorCall, by actuator: Actuator, rule: RepeatRule, _ completion: @escaping (ActuatorResult) -> Void
  ) {
    let number = begin(isResumable: rule != .never)
    let end = { [weak self] (result: ActuatorResult) in
      self?.works[number] = nil
      completion(result)
    }
    switch actuator {
    case .redis: pause(number, 0) { end(.failed("runtimes are told by the step itself")) }
    case .http(let http):
      request(Attempt(work: number, call: call, http: http, isSafe: rule == .safe, completion: end))
    case .exec(let exec): run(number, call, exec, end)
    case .grafana(let service): make(DashboardMaking(service, of: call.target), number, attempt: 1, end)
    }
  }

  private func begin(isResumable: Bool) -> Int {
    lastNumber += 1
    works[lastNumber] = Work(isResumable: isResumable)
    return lastNumber
  }

  // MARK: Requests

  private struct Attempt {
    var work: Int
    var call: ActuatorCall
    var http: HTTPActuator
    var isSafe: Bool
    var completion: (ActuatorResult) -> Void
    var number = 1
    /// Whether an earlier one may have been carried out.
    var isUncertain = false

    var isLast: Bool { number >= http.attempts }
  }

  private func request(_ attempt: Attempt) {
    do throws(Refusal) {
      send(attempt.work, try attempt.http.request(for: attempt.call)) { [weak self] in self?.judge($0, attempt) }
    } catch {
      pause(attempt.work, 0) { attempt.completion(.failed(error.reason)) }
    }
  }

  private func judge(_ result: HTTPResult, _ attempt: Attempt) {
    switch HTTPAnswer(result) {
    case .done(let words): attempt.completion(.done(words))
    case .refused(let reason):
      // What an earlier attempt began may be why this one is refused.
      attempt.completion(attempt.isUncertain ? .unknown(reason) : .failed(reason))
    case .notYet(let reason, let pause): again(attempt, reason, pause)
    case .uncertain(let reason, let pause):
      var attempt = attempt
      attempt.isUncertain = true
      guard attempt.isSafe else { return attempt.completion(.unknown(reason)) }
      again(attempt, reason, pause)
    }
  }

  private func again(_ attempt: Attempt, _ reason: String, _ asked: TimeSpan?) {
    guard !attempt.isLast else {
      let words = attempt.number > 1 ? "\(reason), \(attempt.number) times" : reason
      return attempt.completion(attempt.isUncertain ? .unknown(words) : .failed(words))
    }
    var next = attempt
    next.number += 1
    pause(attempt.work, Self.span(before: next.number, asked: asked, most: attempt.http.timeout)) { [weak self] in
      self?.request(next)
    }
  }

  /// Milliseconds before an attempt: as long as the service asks for, else longer each time, and never the same for
  /// all.
  private static func span(before number: Int, asked: TimeSpan?, most: TimeSpan) -> Int64 {
    let usual = Int64(250) << Int64(min(number - 1, 6))
    return min(asked?.milliseconds ?? MachineRandom.number(in: usual / 2...usual), most.milliseconds)
  }

  func lookUp(_ call: ActuatorCall, by request: HTTPActuator, _ completion: @escaping (LookUpResult) -> Void) {
    let number = begin(isResumable: true)
    let end = { [weak self] (result: LookUpResult) in
      self?.works[number] = nil
      completion(result)
    }
    do throws(Refusal) {
      lookUp(number, try request.request(for: call), by: request, attempt: 1, end)
    } catch {
      pause(number, 0) { end(.unclear("not looked up: \(error.reason)")) }
    }
  }

  private func lookUp(
    _ work: Int, _ sent: HTTPRequest, by request: HTTPActuator, attempt: Int,
    _ completion: @escaping (LookUpResult) -> Void
  ) {
    send(work, sent) { [weak self] result in
      switch HTTPAnswer(result) {
      case .done: completion(.done)
      case .refused where result.status == 404: completion(.notDone)
      case .refused(let reason): completion(.unclear("looked up: \(reason)"))
      case .notYet(let reason, let asked), .uncertain(let reason, let asked):
        guard attempt < request.attempts else { return completion(.unclear("looked up: \(reason)")) }
        self?.pause(work, Self.span(before: attempt + 1, asked: asked, most: request.timeout)) {
          self?.lookUp(work, sent, by: request, attempt: attempt + 1, completion)
        }
      }
    }
  }

  // MARK: Dashboards

  /// One request after the other; each is tried again as often as any actuator's.
  private func make(
    _ making: DashboardMaking, _ work: Int, attempt: Int, _ completion: @escaping (ActuatorResult) -> Void
  ) {
    works[work]?.request = client.send(making.request) { [weak self] result in
      guard let self, works[work] != nil else { return }
      var making = making
      switch making.take(result, redacted: log.redaction.apply(to: result)) {
      case .goOn: make(making, work, attempt: 1, completion)
      case .done(let words): completion(.done(words))
      case .failed(let reason): completion(.failed(reason))
      case .noAnswer(let reason, let asked):
        guard attempt < GrafanaService.attempts else { return completion(.failed("\(reason), \(attempt) times")) }
        let span = Self.span(before: attempt + 1, asked: asked, most: making.request.timeout)
        pause(work, span) { [weak self] in self?.make(making, work, attempt: attempt + 1, completion) }
      }
    }
  }

  private func send(_ work: Int, _ request: HTTPRequest, _ completion: @escaping (HTTPResult) -> Void) {
    works[work]?.request = client.send(request) { [weak self] result in
      guard let self, works[work] != nil else { return }
      completion(log.redaction.apply(to: result))
    }
  }

  private func pause(_ work: Int, _ milliseconds: Int64, _ next: @escaping () -> Void) {
    works[work]?.pause = loop.schedule(inMilliseconds: milliseconds) { [weak self] in
      guard self?.works[work] != nil else { return }
      next()
    }
  }

  // MARK: Programs

  private func run(
    _ work: Int, _ call: ActuatorCall, _ exec: ExecActuator, _ completion: @escaping (ActuatorResult) -> Void
  ) {
    let (arguments, environment): ([String], [String: String])
    do throws(Refusal) {
      (arguments, environment) = (try exec.arguments(for: call), try exec.environment(for: call))
    } catch {
      return pause(work, 0) { completion(.failed(error.reason)) }
    }
    works[work]?.program = ChildRun(
      on: loop, arguments, environment: environment, limit: exec.timeout.milliseconds
    ) { [log] in completion(ActuatorResult(log.redaction.apply(to: $0), limit: exec.timeout)) }
  }
}

/// What an answer, or none, says of a request.
private enum HTTPAnswer {
  case done(String)
  /// Not done, and asking again would not help.
  case refused(String)
  /// Not done this time; again after a span, if the service says so.
  case notYet(String, TimeSpan?)
  /// It may have been done.
  case uncertain(String, TimeSpan?)

  init(_ result: HTTPResult) {
    switch result {
    case .failed(let failure):
      self = failure.mayHaveArrived ? .uncertain(failure.reason, nil) : .notYet(failure.reason, nil)
    case .response(let response):
      let words = response.words
      // Services go by the world's time, as this machine does; an action waits seconds at the most.
      let span = response.retryAfter(at: LocalClock.now)
      switch response.status {
      case 200..<300: self = .done("HTTP \(response.status)")
      case 429: self = .notYet(words, span)
      case 408, 425, 500...: self = .uncertain(words, span)
      default: self = .refused(words)
      }
    }
  }
}

extension HTTPResult {
  /// Nil if no answer came.
  fileprivate var status: Int? {
    if case .response(let response) = self { response.status } else { nil }
  }
}

extension ActuatorResult {
  fileprivate init(_ result: ChildResult, limit: TimeSpan) {
    func last(_ output: [UInt8]) -> String {
      let line = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
      return line.isEmpty ? "" : ": \(line.clipped(toBytes: 200))"
    }
    switch result {
    case .exited(0, _): self = .done("exit 0")
    case .exited(let status, let output): self = .failed("exit \(status)\(last(output))")
    case .signaled(let signal, let output): self = .unknown("it was ended by signal \(signal)\(last(output))")
    case .timedOut(let output): self = .unknown("it was ended after \(limit)\(last(output))")
    case .notStarted(let reason): self = .failed(reason)
    }
  }
}
