import Loop

/// One question to one sentinel, on a connection of its own, with a limit of its own.
///
/// A class, because the connection's and the loop's handlers share it. It holds itself until it has ended.
final class SentinelInquiry {
  /// What came of it: an answer, or in words why there is none.
  typealias Outcome = Result<SentinelAnswer, Fault>

  struct Fault: Error, Equatable {
    let words: String

    init(words: String) { self.words = words }

    /// The sentinel's own address stands before the words.
    init(_ failure: ConnectionFailure, at sentinel: SentinelGroup.Node) {
      let (text, place) = ("\(failure)", "connect to \(sentinel): ")
      words = text.hasPrefix(place) ? text.dropFirst(place.count).lowercased() : text
    }
  }

  let sentinel: SentinelGroup.Node
  private let loop: Loop
  private let completion: (SentinelInquiry, Outcome) -> Void
  private var connection: Connection?
  private var timer: Loop.TimerID?
  private var replies: [Reply] = []
  private var isOver = false

  /// A sentinel that takes longer counts as one that does not answer, in milliseconds.
  static let limit: Int64 = 1000

  /// Begins to ask.
  ///
  /// - Parameter completion: called once, never before this has returned.
  init(
    _ loop: Loop, _ group: SentinelGroup, _ sentinel: SentinelGroup.Node,
    _ completion: @escaping (SentinelInquiry, Outcome) -> Void
  ) {
    self.loop = loop
    self.sentinel = sentinel
    self.completion = completion
    timer = loop.schedule(inMilliseconds: Self.limit) { [self] in end(.failure(Fault(words: "no answer for 1 s"))) }
    do throws(ConnectionFailure) {
      connection = try Connection(loop: loop, endpoint: group.endpoint(of: sentinel), onReady: {}) { [self] failure in
        end(.failure(Fault(failure, at: sentinel)))
      }
    } catch {
      loop.later { [self] in end(.failure(Fault(error, at: sentinel))) }
    }
    let requests = SentinelAnswer.requests(group.name)
    for request in requests {
      connection?.send(request) { [self] result in
        guard case .success(let reply) = result else { return }
        replies.append(reply)
        if replies.count == requests.count { end(Self.outcome(replies, group.name)) }
      }
    }
  }

  /// Nobody is told of its end.
  func cancel() {
    isOver = true
    letGo()
  }

  private func end(_ outcome: Outcome) {
    guard !isOver else { return }
    isOver = true
    letGo()
    completion(self, outcome)
  }

  private func letGo() {
    loop.cancel(timer)
    let connection = connection
    self.connection = nil
    connection?.close()
  }

  /// What the answers to ``SentinelAnswer/requests(_:)`` mean.
  static func outcome(_ replies: [Reply], _ name: String) -> Outcome {
    do throws(SentinelAnswer.Refusal) {
      return .success(try SentinelAnswer(replies))
    } catch {
      return switch error {
      case .unknownName: .failure(Fault(words: "knows no master named \(name)"))
      case .unusable(let what): .failure(Fault(words: "gives \(what)"))
      case .error(let error): .failure(Fault(words: "refuses: \(error)"))
      }
    }
  }
}
