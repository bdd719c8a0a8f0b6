import Glibc

/// The process's environment.
package enum Environment {
  /// A variable that is set and not empty.
  package static subscript(name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
