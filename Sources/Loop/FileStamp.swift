import Glibc

/// When a file was written last, how long it is, and which one it is: another stamp is another content.
package struct FileStamp: Equatable, Sendable {
  private let seconds: Int
  private let nanoseconds: Int
  private let size: Int64
  private let node: UInt64

  /// Nil if there is no such file.
  package init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    (size, node) = (Int64(status.st_size), UInt64(status.st_ino))
  }
}
