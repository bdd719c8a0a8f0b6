import Glibc

/// The arguments of this process as `ps` shows them.
enum ProcessArguments {
  /// Puts stars in place of the password of a URL among them. Between the start and this moment it can be seen.
  static func hidePassword(of url: String) {
    guard let password = password(in: Array(url.utf8)), let memory else { return }
    let wanted = Array(url.utf8)
    var start = 0
    while start + wanted.count <= memory.count {
      if memory[start..<start + wanted.count].elementsEqual(wanted) {
        for place in password { memory[start + place] = UInt8(ascii: "*") }
        start += wanted.count
      } else {
        start += 1
      }
    }
  }

  /// Where the password stands in a URL: behind the first colon, or from the start, of what is before the last `@`.
  static func password(in url: [UInt8]) -> Range<Int>? {
    guard let scheme = url.indices.first(where: { url[$0...].starts(with: "://".utf8) }) else { return nil }
    let start = scheme + 3
    let end = url[start...].firstIndex(of: UInt8(ascii: "/")) ?? url.endIndex
    guard let at = url[start..<end].lastIndex(of: UInt8(ascii: "@")) else { return nil }
    let colon = url[start..<at].firstIndex(of: UInt8(ascii: ":"))
    return (colon.map { $0 + 1 } ?? start)..<at
  }

  /// Where the kernel reads them, by the 48th and 49th field of `/proc/self/stat`; nil if it does not say.
  private static var memory: UnsafeMutableBufferPointer<UInt8>? {
    guard let file = fopen("/proc/self/stat", "r") else { return nil }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = fread(&buffer, 1, buffer.count, file)
    let text = String(decoding: buffer[..<count], as: UTF8.self)
    // The second field is a name in brackets, in which anything may stand.
    guard let name = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: name)...].split(separator: " ")
    guard fields.count > 46, let start = UInt(fields[45]), let end = UInt(fields[46]), end > start,
      let address = UnsafeMutablePointer<UInt8>(bitPattern: start)
    else { return nil }
    return UnsafeMutableBufferPointer(start: address, count: Int(end - start))
  }
}
