import Handler

/// What a handler has logged.
final class LogLines {
  private(set) var text = ""
  private(set) lazy var log = Log { [weak self] in self?.text += String(decoding: $0, as: UTF8.self) }

  func contains(_ words: String) -> Bool { text.contains(words) }
}
