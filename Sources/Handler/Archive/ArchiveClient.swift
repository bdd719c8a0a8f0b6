import FleetModel
import HTTP
import Logging

/// Asks a ClickHouse by its HTTP interface. Who asks stands in headers, and never in the URL.
final class ArchiveClient {
  private let sender: any HTTPSender
  private let redaction: () -> Redaction
  private var calls: [Int: HTTPCall] = [:]
  private var lastCall = 0

  private static let timeout = TimeSpan.seconds(60)

  init(_ sender: any HTTPSender, redaction: @escaping () -> Redaction) {
    (self.sender, self.redaction) = (sender, redaction)
  }

  /// Sends a statement, with what stands behind it.
  ///
  /// - Parameters:
  ///   - length: how much of the body's beginning is sent; nil for all of it.
  ///   - parameters: settings of the server for this statement.
  func send(
    _ body: [UInt8], length: Int? = nil, as account: ArchiveSettings.Account, to settings: ArchiveSettings,
    _ parameters: [(name: String, value: String)] = [], _ completion: @escaping (HTTPResult) -> Void
  ) {
    lastCall += 1
    let number = lastCall
    var request = settings.request(body, as: account, parameters, timeout: Self.timeout)
    request.bodyLength = length
    calls[number] = sender.send(request) { [weak self] result in
      guard let self else { return }
      calls[number] = nil
      completion(redaction().apply(to: result))
    }
  }

  /// Lets go of what is under way.
  func stop() {
    for call in calls.values { call.cancel() }
    calls = [:]
  }
}
