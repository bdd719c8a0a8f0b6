import ArgumentParser
import Glibc
import Screen

/// A file that holds a password and nothing else.
enum PasswordFile {
  /// In bytes.
  private static let longest = 4096

  /// Its content, without the end of its line.
  ///
  /// - Parameter origin: what named the file, for the message.
  /// - Throws: why it cannot be taken; never with what it holds.
  static func read(_ path: String, origin: String) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw refusal(origin, path, "cannot be read: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    // Of the file that is open: another one may have its name by now.
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      throw refusal(origin, path, "is no file")
    }
    guard status.st_mode & 0o006 == 0 else {
      throw refusal(origin, path, "may be read or written by others than its owner and group: chmod o= it")
    }
    var bytes = try content(of: descriptor, path, origin)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard !bytes.isEmpty else { throw refusal(origin, path, "is empty") }
    guard let password = String(validating: bytes, as: UTF8.self) else { throw refusal(origin, path, "is not UTF-8") }
    return password
  }

  private static func content(of descriptor: Int32, _ path: String, _ origin: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: longest)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw refusal(origin, path, "cannot be read: \(String(cString: strerror(errno)))") }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= longest else { throw refusal(origin, path, "is longer than \(longest) bytes") }
    }
  }

  private static func refusal(_ origin: String, _ path: String, _ why: String) -> ValidationError {
    ValidationError(Scrubber.display("\(origin): \(path) \(why)"))
  }
}
