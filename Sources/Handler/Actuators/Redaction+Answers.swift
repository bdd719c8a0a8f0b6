import HTTP
import Logging
import Loop
import Redis

extension Redaction {
  /// How much of an answer is looked at: more than is ever told of one.
  private static let mostOfAnswer = 4096

  /// What a service answered, and no more of it than may be told.
  func apply(to result: HTTPResult) -> HTTPResult {
    switch result {
    case .failed(let failure):
      return .failed(HTTPFailure(reason: apply(to: failure.reason), mayHaveArrived: failure.mayHaveArrived))
    case .response(var response):
      let isCut = response.body.count > Self.mostOfAnswer
      response.body = apply(to: Array(response.body.prefix(Self.mostOfAnswer)), isCutAtEnd: isCut)
      response.headers = response.headers.mapValues { apply(to: $0) }
      return .response(response)
    }
  }

  /// What a program wrote.
  func apply(to result: ChildResult) -> ChildResult {
    func redacted(_ output: [UInt8]) -> [UInt8] { apply(to: output, isCutAtStart: output.count >= ChildRun.kept) }
    return switch result {
    case .exited(let status, let output): .exited(status: status, output: redacted(output))
    case .signaled(let signal, let output): .signaled(signal, output: redacted(output))
    case .timedOut(let output): .timedOut(output: redacted(output))
    case .notStarted(let reason): .notStarted(apply(to: reason))
    }
  }
}

extension TransactionOutcome {
  /// What the server says may repeat what it was sent.
  func redacted(_ redaction: Redaction) -> TransactionOutcome {
    switch self {
    case .done, .conflict: self
    case .fenced(let reason): .fenced(redaction.apply(to: reason))
    case .failed(let error): .failed(ServerError(redaction.apply(to: error.text)))
    }
  }
}
