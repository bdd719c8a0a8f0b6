import Loop

/// Questions to one server, on a connection of their own, with one limit for all answers.
///
/// A class, because the connection's and the loop's handlers share it. It holds itself until it has ended.
final class Inquiry {
  /// All answers in the order of the questions, errors of the server among them, or why they did not come.
  typealias Outcome = Result<[Reply], ConnectionFailure>

  private let loop: Loop
  private let completion: (Inquiry, Outcome) -> Void
  private var connection: Connection?
  private var timer: Loop.TimerID?
  private var replies: [Reply] = []
  private var isOver = false

  /// Begins to ask.
  ///
  /// - Parameters:
  ///   - requests: one at least.
  ///   - limit: a server that takes longer counts as one that does not answer, in milliseconds.
  ///   - completion: called once, never before this has returned.
  init(
    _ loop: Loop, _ server: Endpoint, _ requests: [Request], limit: Int64,
    _ completion: @escaping (Inquiry, Outcome) -> Void
  ) {
    self.loop = loop
    self.completion = completion
    timer = loop.schedule(inMilliseconds: limit) { [self] in end(.failure(.silent(milliseconds: limit))) }
    do throws(ConnectionFailure) {
      connection = try Connection(loop: loop, endpoint: server, onReady: {}) { [self] in end(.failure($0)) }
    } catch {
      loop.later { [self] in end(.failure(error)) }
    }
    for request in requests {
      connection?.send(request) { [self] result in
        guard case .success(let reply) = result else { return }
        replies.append(reply)
        if replies.count == requests.count { end(.success(replies)) }
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
}
