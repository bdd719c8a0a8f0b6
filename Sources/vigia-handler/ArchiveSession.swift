import FleetModel
import HTTP
import Handler
import Logging
import Loop

/// Asks an archive one thing after the other, and waits for each answer: the work of a tool that ends by itself.
final class ArchiveSession {
  /// Why there is no answer, in words for the one who asked.
  struct Refusal: Error, CustomStringConvertible {
    var description: String
  }

  let loop: Loop
  let settings: ArchiveSettings
  private let client: HTTPClient
  private let redaction: Redaction

  private static let timeout = TimeSpan.minutes(5)
  /// A longer answer is refused.
  private static let mostBody = 64 << 20

  init(_ settings: ArchiveSettings) throws(SystemError) {
    self.settings = settings
    loop = try Loop()
    client = try HTTPClient(loop: loop)
    redaction = Redaction([settings.writer.password, settings.reader.password])
  }

  /// Gives what the server answers to a statement.
  func ask(
    _ statement: String, as account: ArchiveSettings.Account, _ parameters: [(name: String, value: String)] = []
  ) throws(Refusal) -> [UInt8] {
    var request = settings.request(
      // An error that comes late is told by the status then, and not in the middle of rows.
      Array(statement.utf8), as: account, [("wait_end_of_query", "1")] + parameters, timeout: Self.timeout)
    request.mostBody = Self.mostBody
    var result: HTTPResult?
    client.send(request) { result = $0 }
    while result == nil { loop.turn(atMostMilliseconds: 1000) }
    switch result {
    case .failed(let failure): throw Refusal(description: redaction.apply(to: failure.reason))
    case .response(let response):
      guard response.status == 200, response.headers["x-clickhouse-exception-code"] == nil else {
        throw Refusal(description: redaction.apply(to: response.archiveWords))
      }
      guard !response.isCut else {
        throw Refusal(description: "the answer is longer than 64 MB; ask for less of it, with LIMIT say")
      }
      return response.body
    case nil: return []
    }
  }

  /// The fields of each line of an answer.
  func rows(
    _ statement: String, as account: ArchiveSettings.Account, _ parameters: [(name: String, value: String)] = []
  ) throws(Refusal) -> [[Substring]] {
    let text = String(decoding: try ask(statement, as: account, parameters), as: UTF8.self)
    return text.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
  }

  /// What a reading statement has to be asked with, so that it changes nothing and sees each row once: an account that
  /// may only read anyway lets nothing be set.
  func readingParameters() throws(Refusal) -> [(name: String, value: String)] {
    var known: [Substring: Substring] = [:]
    for row in try rows(ArchiveQueries.capabilities, as: settings.reader) where row.count == 2 {
      known[row[0]] = row[1]
    }
    guard known["readonly"] != "1" else { return [] }
    let final = known["final"] == nil ? [] : [(name: "final", value: "1")]
    return final + (known["readonly"] == "2" ? [] : [(name: "readonly", value: "1")])
  }
}
