import Glibc
import Loop
import TestSupport
import Testing

/// Whose files may say what is carried out.
@Suite struct FileTrustTests {
  private let folder: TemporaryFolder
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = try folder.write("x", to: "vigia.toml")
    chmod(file, 0o644)
  }

  @Test func ownFileInAnOwnFolderIsTrusted() {
    #expect(FileTrust.fault(of: file) == nil)
    #expect(FileTrust.fault(of: "/etc/passwd") == nil)
  }

  @Test(arguments: [0o664, 0o646, 0o622] as [mode_t])
  func fileThatOthersMayWriteIsNot(mode: mode_t) {
    chmod(file, mode)
    #expect(FileTrust.fault(of: file) == "\(file) may be written by others; chmod go-w \(file)")
  }

  @Test func fileInAFolderThatOthersMayWriteIsNot() {
    chmod(folder.path, 0o777)
    #expect(FileTrust.fault(of: file)?.hasPrefix("\(folder.path) may be written by others") == true)
    chmod(folder.path, 0o700)
  }

  @Test func whatALinkLeadsToCounts() {
    let link = folder.file("link.toml")
    symlink(file, link)
    #expect(FileTrust.fault(of: link) == nil)
    chmod(file, 0o666)
    #expect(FileTrust.fault(of: link)?.contains("vigia.toml may be written by others") == true)
  }

  @Test func fileOfAnotherUserOrNoneIsNot() {
    #expect(FileTrust.fault(of: folder.file("none"))?.hasSuffix("cannot be found") == true)
    if geteuid() == 0 {
      chown(file, 12_345, 0)
      #expect(FileTrust.fault(of: file) == "\(file) belongs to another user")
    }
  }
}
