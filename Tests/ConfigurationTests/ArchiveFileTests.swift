import Configuration
import Testing

/// `[archive]` of the handler's file.
@Suite struct ArchiveFileTests {
  private func read(_ text: String, _ environment: [String: String] = [:]) throws(ConfigurationError) -> HandlerSettings
  {
    try HandlerFile.read(Array(text.utf8), file: "handler.toml", environment: environment) { path in
      path == "/secret" ? Array("pass-word\nmore\n".utf8) : nil
    }
  }

  private func problem(_ text: String) -> String {
    do throws(ConfigurationError) {
      _ = try read("[archive]\n" + text, ["BAD": "two words"])
      return "none"
    } catch {
      return "\(error)"
    }
  }

  @Test func nothingIsArchivedUnlessItIsConfigured() throws {
    #expect(try read("").archive == nil)
  }

  @Test func addressAloneIsEnough() throws {
    let archive = try #require(try read("[archive]\nurl = 'http://127.0.0.1:8123'\n").archive)
    #expect(archive.url == "http://127.0.0.1:8123/" && archive.database == "vigia")
    #expect(archive.writer.user == "default" && archive.writer.password.isEmpty && archive.reader == nil)
  }

  @Test func accountsAreReadAndPasswordsAreSecrets() throws {
    let settings = try read(
      """
      [archive]
      url = "https://house.example:8443/clickhouse"
      database = "agents_2"
      user = "writer"
      password_file = "/secret"
      read_user = "reader"
      read_password_env = "READ"
      """, ["READ": "other-word"])
    let archive = try #require(settings.archive)
    #expect(archive.url == "https://house.example:8443/clickhouse/" && archive.database == "agents_2")
    #expect(archive.writer.user == "writer" && archive.writer.password == "pass-word")
    #expect(archive.reader?.user == "reader" && archive.reader?.password == "other-word")
    #expect(settings.secrets.isSuperset(of: ["pass-word", "other-word"]))
  }

  @Test(
    arguments: [
      ("user = 'a'", "url: is missing; expected the URL of ClickHouse's HTTP interface"),
      ("url = 'ftp://x'", "url: is no URL; expected one that begins with https:// or http://, and a host"),
      ("url = 'http://me:word@x'", "user and password stand in their own keys"),
      ("url = 'http://x/?password=word'", "user and password stand in their own keys"),
      ("url = 'http://x'\ndatabase = 'a.b'", #"expected a name of letters, digits and "_""#),
      ("url = 'http://x'\ndatabase = '1a'", #"expected a name of letters, digits and "_""#),
      ("url = 'http://x'\npassword = 'word'", "password: unknown key;"),
      ("url = 'http://x'\npassword_env = 'NONE'", "names a variable that is not set"),
      ("url = 'http://x'\npassword_env = 'BAD'", "names what is no password for a header"),
      ("url = 'http://x'\nuser = \"a\\r\\nb\"", "expected visible characters"),
    ])
  func wrongArchiveIsNamedWithoutASecret(_ text: String, _ words: String) {
    #expect(problem(text).contains(words), "\(problem(text))")
    #expect(!problem(text).contains("word@") && !problem(text).contains("two words"))
  }
}
