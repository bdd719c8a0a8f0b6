import Glibc

/// Whether somebody reads along who files lines by their level: systemd's journal.
package enum SystemdJournal {
  /// Whether a descriptor leads to the journal.
  ///
  /// - Parameter stream: `$JOURNAL_STREAM`, `device:inode` of what a service's output was connected to when it began;
  ///   see systemd.exec(5). A redirection since then leads elsewhere, and children inherit the variable.
  package static func reads(_ descriptor: Int32, stream: String?) -> Bool {
    guard let parts = stream?.split(separator: ":", omittingEmptySubsequences: false), parts.count == 2,
      let device = UInt64(parts[0]), let inode = UInt64(parts[1])
    else { return false }
    var status = stat()
    return fstat(descriptor, &status) == 0 && UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
  }
}
