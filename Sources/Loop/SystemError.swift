import Glibc

/// A system call that failed: what was tried, on what, and what the system said.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  package let operation: String
  package let subject: String
  package let code: Int32

  /// Takes `errno` as it stands unless a code is given.
  package init(_ operation: String, _ subject: String = "", code: Int32 = errno) {
    self.operation = operation
    self.subject = subject
    self.code = code
  }

  package var description: String {
    let cause = String(cString: strerror(code))
    return subject.isEmpty ? "\(operation): \(cause)" : "\(operation) \(subject): \(cause)"
  }
}
