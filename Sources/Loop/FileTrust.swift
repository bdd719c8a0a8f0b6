import Glibc

/// Whether what a file says may be carried out: only its owner, who is this user or root, can write it.
package enum FileTrust {
  /// Why it may not; nil if it may. What a link leads to counts, and the folder in which that lies.
  package static func fault(of path: String) -> String? {
    guard let real = realpath(path, nil) else { return "\(path) cannot be found" }
    defer { free(real) }
    let file = String(cString: real)
    let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
    return fault(at: file) ?? fault(at: folder.isEmpty ? "/" : folder)
  }

  private static func fault(at path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return "\(path) cannot be looked at" }
    guard status.st_uid == geteuid() || status.st_uid == 0 else { return "\(path) belongs to another user" }
    guard status.st_mode & 0o022 == 0 else { return "\(path) may be written by others; chmod go-w \(path)" }
    return nil
  }
}
