import FleetModel
import Wire

/// Sends a batch. If the server refuses a row, it halves the batch down to that row, and leaves out that row alone.
///
/// ```text
/// [0 … 8) ─ refused ─▶ [0 … 4) ─ stored;  [4 … 8) ─ refused ─▶ [4 … 6) ─ …
/// ```
/// A class, since the answers find their way back to it.
final class BatchSender {
  /// How it ended.
  enum Outcome: Equatable {
    /// All but the refused rows are stored.
    case stored(refused: [Refusal])
    case failed(String)
  }

  /// A row that the server cannot take, and what it says of it.
  struct Refusal: Equatable {
    var entry: StreamID
    var reason: String
  }

  private let batch: ArchiveBatch
  private let send: (Range<Int>, @escaping (ArchiveAnswer) -> Void) -> Void
  private let completion: (Outcome) -> Void
  /// What is still to be sent, the next last.
  private var rest: [Range<Int>]
  private var refused: [Refusal] = []

  /// A table that refuses more rows of one batch is not as it has to be: nothing is left out then.
  static let mostRefused = 100

  /// - Parameter send: sends some of the batch's rows.
  init(
    _ batch: ArchiveBatch, send: @escaping (Range<Int>, @escaping (ArchiveAnswer) -> Void) -> Void,
    _ completion: @escaping (Outcome) -> Void
  ) {
    (self.batch, self.send, self.completion) = (batch, send, completion)
    rest = [0..<batch.ids.count]
  }

  func start() {
    guard let rows = rest.popLast() else { return completion(.stored(refused: refused)) }
    send(rows) { [self] in took($0, rows) }
  }

  private func took(_ answer: ArchiveAnswer, _ rows: Range<Int>) {
    switch answer {
    case .stored: break
    case .failed(let reason): return completion(.failed(reason))
    case .rowRefused(let reason):
      if rows.count > 1 {
        let middle = rows.lowerBound + rows.count / 2
        rest += [middle..<rows.upperBound, rows.lowerBound..<middle]
      } else {
        refused.append(Refusal(entry: batch.ids[rows.lowerBound], reason: reason))
        guard refused.count <= Self.mostRefused else {
          return completion(.failed("more than \(Self.mostRefused) rows of a batch are refused: \(reason)"))
        }
      }
    }
    start()
  }
}
