import Glibc
import Testing

/// The files that this package is made of.
enum Repository {
  static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  static func text(of path: String) throws -> String {
    try #require(Program.contents(of: "\(root)/\(path)"), "\(path)")
  }

  static func exists(_ path: String) -> Bool { access("\(root)/\(path)", F_OK) == 0 }

  /// Names of the files of a folder, in no order.
  static func files(in folder: String) throws -> [String] {
    let directory = try #require(opendir("\(root)/\(folder)"))
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }
}

extension StringProtocol {
  /// What follows each place of a text.
  func components(after text: String) -> [Substring] {
    let whole = Substring(self)
    return whole.ranges(of: text).map { whole[$0.upperBound...] }
  }
}
