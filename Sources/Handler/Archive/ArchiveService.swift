import FleetModel
import HTTP

/// The ClickHouse that rows go to, and what is known of it.
final class ArchiveService {
  let settings: ArchiveSettings
  private let client: ArchiveClient
  /// Whether it lets go of a block that it has had, by a token; nil while it was not asked.
  private var knowsTokens: Bool?

  init(_ settings: ArchiveSettings, _ client: ArchiveClient) { (self.settings, self.client) = (settings, client) }

  func stop() { client.stop() }

  /// A batch without rows, for a table.
  func batch(for table: ArchiveTable) -> ArchiveBatch { ArchiveBatch(table.insert(into: settings.database)) }

  /// Stores some rows of a batch.
  func store(
    _ rows: Range<Int>, of batch: ArchiveBatch, in table: ArchiveTable, _ completion: @escaping (ArchiveAnswer) -> Void
  ) {
    guard let knowsTokens else {
      return ask { [self] in
        store(rows, of: batch, in: table, completion)
      } failed: {
        completion(.failed($0))
      }
    }
    let (body, length) = batch.rows.body(rows)
    let token = "\(table.rows) \(batch.ids[rows.lowerBound]) \(batch.ids[rows.upperBound - 1])"
    client.send(
      body, length: length, as: settings.writer, to: settings,
      knowsTokens ? [(ArchiveStatements.tokenSetting, token)] : []
    ) { result in
      completion(ArchiveAnswer(result))
    }
  }

  /// Whatever this answer says, no row of a batch is at fault.
  private func ask(_ next: @escaping () -> Void, failed: @escaping (String) -> Void) {
    client.send(Array(ArchiveStatements.deduplicationQuestion.utf8), as: settings.writer, to: settings) {
      [weak self] result in
      guard let self else { return }
      switch result {
      case .failed(let failure): failed(failure.reason)
      case .response(let response):
        let text = String(decoding: response.body, as: UTF8.self).filter { !$0.isWhitespace }
        guard response.status == 200, let count = Int(text) else {
          return failed("no answer of ClickHouse: \(response.words)")
        }
        knowsTokens = count > 0
        next()
      }
    }
  }
}
