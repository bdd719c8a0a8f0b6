import ArgumentParser
import Glibc
import Redis

/// Which Redis, how TLS is spoken with it, and by which password: the same for both programs and all tools.
package struct RedisOptions: ParsableArguments {
  @Option(
    name: .customLong("redis"),
    help: ArgumentHelp(
      """
      redis://[user:pass@]host:port/db, rediss:// with TLS, or unix:///path (default: $VIGIA_REDIS, $REDIS_URL, \
      127.0.0.1:6379).
      """,
      valueName: "url"))
  package var url: String?

  @Option(
    name: .customLong("tls-ca"),
    help: ArgumentHelp(
      "A file or folder of certificates to trust in place of the system's (default: $VIGIA_TLS_CA).", valueName: "path")
  )
  package var authority: String?

  @Option(
    name: .customLong("tls-cert"),
    help: ArgumentHelp(
      "This client's certificate, if the server wants one (default: $VIGIA_TLS_CERT).", valueName: "file"))
  package var certificate: String?

  @Option(
    name: .customLong("tls-key"),
    help: ArgumentHelp(
      "That certificate's key (default: $VIGIA_TLS_KEY, the certificate's own file).", valueName: "file"))
  package var key: String?

  @Option(
    name: .customLong("tls-name"),
    help: ArgumentHelp(
      "Whom the server's certificate must be for (default: $VIGIA_TLS_NAME, the host connected to).", valueName: "name")
  )
  package var name: String?

  @Flag(
    name: .customLong("tls-insecure"),
    help: "Take any certificate: whoever is between can read and change all that is said ($VIGIA_TLS_INSECURE=1).")
  package var isInsecure = false

  @Option(
    name: .customLong("password-file"),
    help: ArgumentHelp(
      """
      A file with the password, which others may not read. This or --ask-password counts before the URL's, then \
      $VIGIA_REDIS_PASSWORD, then $VIGIA_REDIS_PASSWORD_FILE.
      """, valueName: "file"))
  package var passwordFile: String?

  @Flag(name: .customLong("ask-password"), help: "Ask for the password on the terminal.")
  package var asksPassword = false

  package init() {}

  /// Sees whether what was said fits together, without a look at any file. The message of an error never repeats a URL,
  /// which may hold a password.
  package func validate() throws {
    if passwordFile != nil, asksPassword {
      throw ValidationError("--password-file and --ask-password exclude each other")
    }
    let endpoint = try place()
    if let url, endpoint.password != nil { ProcessArguments.hidePassword(of: url) }
  }

  /// The place that the options, or else the environment, name, with its password; it is asked for here, if at all.
  package func endpoint() throws -> Endpoint {
    var endpoint = try place()
    switch secret() {
    case .none: endpoint.password = nil
    case .text(let password): endpoint.password = password
    case .file(let path, let origin): endpoint.password = try PasswordFile.read(path, origin: origin)
    case .prompt: endpoint.password = try PasswordPrompt.ask("Password of Redis at \(endpoint): ")
    }
    // A user without any is one whom the server lets in with any.
    if endpoint.user != nil, endpoint.password == nil { endpoint.password = "" }
    return endpoint
  }

  /// What names the same place to another program of ours. A password may be in it: it belongs into an environment, never
  /// into arguments. What is empty counts as not set: it hides what the other program would else inherit.
  ///
  /// - Parameter endpoint: what ``endpoint()`` gave.
  package func environment(for endpoint: Endpoint) -> [(name: String, value: String)] {
    let tls = endpoint.tls
    var (password, file) = (endpoint.password ?? "", "")
    if case .file(let path, _) = secret() { (password, file) = ("", Self.absolute(path)) }
    return [
      ("VIGIA_REDIS", Endpoint.withoutPassword(named?.url ?? "redis://\(Endpoint.default)")),
      ("VIGIA_SENTINEL_PASSWORD", endpoint.sentinelPassword ?? ""),
      ("VIGIA_REDIS_PASSWORD", password), ("VIGIA_REDIS_PASSWORD_FILE", file),
      ("VIGIA_TLS_CA", tls?.authority.map(Self.absolute) ?? ""),
      ("VIGIA_TLS_CERT", tls?.certificate.map(Self.absolute) ?? ""),
      ("VIGIA_TLS_KEY", tls?.key.map(Self.absolute) ?? ""), ("VIGIA_TLS_NAME", tls?.name ?? ""),
      ("VIGIA_TLS_INSECURE", endpoint.isUnverified ? "1" : ""),
    ]
  }

  /// The number of the database, without a look at any password.
  package var database: Int { (try? place())?.database ?? 0 }

  // MARK: The place

  private var named: (url: String, origin: String)? {
    if let url { return (url, "--redis") }
    for variable in ["VIGIA_REDIS", "REDIS_URL"] {
      if let url = Environment[variable] { return (url, "$\(variable)") }
    }
    return nil
  }

  /// With the URL's own password only.
  private func place() throws -> Endpoint {
    var endpoint = Endpoint.default
    if let named {
      do throws(Endpoint.Malformed) {
        endpoint = try Endpoint(url: named.url)
      } catch {
        throw ValidationError("\(named.origin): \(error)")
      }
    }
    endpoint.setSentinelPassword(Environment["VIGIA_SENTINEL_PASSWORD"])
    guard var tls = endpoint.tls else {
      guard let flag = flags.first else { return endpoint }
      throw ValidationError("\(flag) is of use with TLS only: say rediss:// in place of redis://")
    }
    try complete(&tls)
    endpoint.tls = tls
    return endpoint
  }

  private func complete(_ tls: inout TLSSettings) throws {
    tls.isInsecure = isInsecure || Environment["VIGIA_TLS_INSECURE"].map { $0 != "0" } ?? false
    if isInsecure, authority != nil || name != nil {
      throw ValidationError("--tls-insecure takes any certificate: leave out --tls-ca and --tls-name, or better it")
    }
    tls.authority = authority ?? Environment["VIGIA_TLS_CA"]
    tls.name = name ?? Environment["VIGIA_TLS_NAME"]
    tls.certificate = certificate ?? Environment["VIGIA_TLS_CERT"]
    // A variable's key is that of a variable's certificate.
    tls.key = key ?? (certificate == nil ? Environment["VIGIA_TLS_KEY"] : nil)
    if tls.certificate == nil, tls.key != nil {
      throw ValidationError("a key is of use with its certificate only: name that with --tls-cert")
    }
  }

  private var flags: [String] {
    [
      ("--tls-ca", authority != nil), ("--tls-cert", certificate != nil), ("--tls-key", key != nil),
      ("--tls-name", name != nil), ("--tls-insecure", isInsecure),
    ].filter(\.1).map(\.0)
  }

  // MARK: The password

  /// Where the password comes from.
  private enum Secret {
    case none
    case text(String)
    case file(String, origin: String)
    case prompt
  }

  private func secret() -> Secret {
    if asksPassword { return .prompt }
    if let passwordFile { return .file(passwordFile, origin: "--password-file") }
    if let password = (try? place())?.password, !password.isEmpty { return .text(password) }
    if let password = Environment["VIGIA_REDIS_PASSWORD"] { return .text(password) }
    if let path = Environment["VIGIA_REDIS_PASSWORD_FILE"] {
      return .file(path, origin: "$VIGIA_REDIS_PASSWORD_FILE")
    }
    return .none
  }

  /// As another program finds it that begins in another folder.
  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return "\(String(cString: folder))/\(path)"
  }
}
