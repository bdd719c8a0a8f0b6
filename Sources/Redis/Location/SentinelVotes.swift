/// What the sentinels that were asked have said so far, and whether that is enough.
struct SentinelVotes {
  enum Verdict: Equatable {
    case undecided
    case found(SentinelAnswer)
    /// With the reasons, in words.
    case nobody(String)
  }

  /// How many were asked.
  let asked: Int
  /// The newest epoch that any sentinel has told of so far: an answer of an older one is behind.
  let newestEpoch: Int64
  /// Servers that turned out to be wrong, or could not be reached, a moment ago.
  let doubted: Set<SentinelGroup.Node>
  private var answers: [SentinelAnswer] = []
  private var faults: [String] = []

  /// So many reasons are told one by one.
  private static let mostReasons = 3

  init(asked: Int, newestEpoch: Int64, doubted: Set<SentinelGroup.Node>) {
    self.asked = asked
    self.newestEpoch = newestEpoch
    self.doubted = doubted
  }

  /// Whether every sentinel has answered or failed.
  var isComplete: Bool { answers.count + faults.count >= asked }

  /// Takes what one of them said: the first answer that is neither behind nor doubtful decides; where there is none, the
  /// best of all.
  mutating func take(_ outcome: SentinelInquiry.Outcome, of sentinel: SentinelGroup.Node) -> Verdict {
    switch outcome {
    case .success(let answer):
      answers.append(answer)
      if isGood(answer) { return .found(answer) }
    case .failure(let fault): faults.append("\(sentinel) \(fault.words)")
    }
    guard isComplete else { return .undecided }
    return best.map { .found($0) } ?? .nobody(reasons)
  }

  private func isGood(_ answer: SentinelAnswer) -> Bool {
    !doubted.contains(answer.primary) && (answer.epoch ?? newestEpoch) >= newestEpoch
  }

  /// What nobody doubts comes before what is newer: a sentinel that lies can tell of any epoch.
  private var best: SentinelAnswer? {
    answers.max { left, right in
      let (first, second) = (!doubted.contains(left.primary), !doubted.contains(right.primary))
      return first == second ? (left.epoch ?? newestEpoch) < (right.epoch ?? newestEpoch) : second
    }
  }

  private var reasons: String {
    let rest = faults.count - Self.mostReasons
    return faults.prefix(Self.mostReasons).joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
  }
}
