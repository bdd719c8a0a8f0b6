import Loop

/// What a sentinel is asked, and what its answer means.
enum SentinelInquiry {
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

  /// A sentinel that takes longer counts as one that does not answer, in milliseconds.
  static let limit: Int64 = 1000

  /// Begins to ask one sentinel.
  ///
  /// - Parameter completion: called once, never before this has returned.
  static func begin(
    _ loop: Loop, _ group: SentinelGroup, _ sentinel: SentinelGroup.Node,
    _ completion: @escaping (Inquiry, Outcome) -> Void
  ) -> Inquiry {
    Inquiry(loop, group.endpoint(of: sentinel), SentinelAnswer.requests(group.name), limit: limit) {
      switch $1 {
      case .success(let replies): completion($0, outcome(replies, group.name))
      case .failure(let failure): completion($0, .failure(Fault(failure, at: sentinel)))
      }
    }
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
