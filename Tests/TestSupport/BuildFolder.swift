import Glibc

/// The folder that tests, programs and libraries are built into.
package enum BuildFolder {
  package static let path: String = {
    var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &path, path.count)
    let slash = path[..<length].lastIndex(of: UInt8(ascii: "/"))!
    return String(decoding: path[..<slash], as: UTF8.self)
  }()
}
