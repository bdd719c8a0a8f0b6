import FleetModel

/// The ClickHouse that keeps what streams let go of, as the file names it:
///
/// ```toml
/// [archive]
/// url = "http://127.0.0.1:8123"             # its HTTP interface, without user, password and query
/// database = "vigia"                        # a plain name
/// user = "vigia"                            # who writes, and makes the tables
/// password_file = "/run/secrets/archive"    # or password_env
/// read_user = "vigia_reader"                # who reads for people; without it the one who writes
/// read_password_file = "/run/secrets/read"  # or read_password_env
/// ```
extension NotifyReader {
  mutating func archive(_ section: FileSection) throws(ConfigurationError) -> HandlerSettings.Archive {
    try section.allow(
      [
        "url", "database", "user", "password_env", "password_file", "read_user", "read_password_env",
        "read_password_file",
      ], in: "archive")
    guard section.holds("url") else { throw section.fault("url", expected: "the URL of ClickHouse's HTTP interface") }
    let url = try url(section, mayBeLiteral: true)
    guard !url.contains(where: { "@?#".contains($0) }) else {
      throw section.fault(
        "url", "holds more than scheme, host, port and path; user and password stand in their own keys")
    }
    let writer =
      try account(section, "user", "password") ?? HandlerSettings.Archive.Account(user: "default", password: "")
    var archive = HandlerSettings.Archive(url: url.hasSuffix("/") ? url : url + "/", writer: writer)
    archive.reader = try account(section, "read_user", "read_password")
    guard let database = try section.text("database", expected: "a name of letters, digits and \"_\"") else {
      return archive
    }
    guard Self.isName(database) else {
      throw section.fault("database", expected: "a name of letters, digits and \"_\"")
    }
    archive.database = database
    return archive
  }

  /// Nil if neither a user nor a password is named.
  private mutating func account(
    _ section: FileSection, _ user: String, _ password: String
  ) throws(ConfigurationError) -> HandlerSettings.Archive.Account? {
    let name = try section.text(user, expected: "a user's name")
    let secret = try secret(section, password)
    guard name != nil || secret != nil else { return nil }
    // Both stand in headers.
    if let name, !Self.isHeaderText(name) { throw section.fault(user, expected: "visible characters") }
    if let secret, !Self.isHeaderText(secret.value) {
      throw section.fault(secret.from, "names what is no password for a header; expected visible characters")
    }
    if let secret { keepText(secret.value) }
    return HandlerSettings.Archive.Account(user: name ?? "default", password: secret?.value ?? "")
  }

  private static func isHeaderText(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  /// It stands in statements as it is.
  private static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first), text.utf8.count <= 64 else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
      default: false
      }
    }
  }
}
