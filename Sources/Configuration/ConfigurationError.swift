/// What is wrong with a configuration file: where, what was found, and what was expected.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The file's name, or what stands for it.
  package var file: String
  /// The whole path of the key, `roles.alertHigh.fg`; nil where the file as a whole is wrong.
  package var key: String?
  package var problem: String

  package var description: String { [file, key, problem].compactMap { $0 }.joined(separator: ": ") }
}
