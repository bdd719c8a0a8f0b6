import Automation
import Screen

/// What is wrong with a configuration file: where, what was found, and what was expected.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The file's name, or what stands for it.
  package var file: String
  /// The whole path of the key, `roles.alertHigh.fg`; nil if the file as a whole is wrong.
  package var key: String?
  package var problem: String
  /// The line in which the key stands, from 1, if that is known.
  package var line: Int?

  /// The longest file that is taken.
  package static let mostBytes = 1 << 20

  package init(file: String, key: String?, problem: String, line: Int? = nil) {
    self.file = file
    self.key = key?.clipped(toBytes: 256)
    self.problem = problem.clipped
    self.line = line
  }

  /// Harmless on a terminal: keys and what was found are the file's own.
  package var description: String {
    Scrubber.display([file + (line.map { ":\($0)" } ?? ""), key, problem].compactMap { $0 }.joined(separator: ": "))
  }
}
