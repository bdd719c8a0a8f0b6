import Logging

/// What a handler has logged.
package final class LogLines {
  package private(set) var text = ""
  package private(set) lazy var log = Log { [weak self] in self?.text += String(decoding: $0, as: UTF8.self) }

  package init() {}

  package func contains(_ words: String) -> Bool { text.contains(words) }
}
