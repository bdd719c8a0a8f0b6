import Automation
import FleetModel

/// Reads `[actuators]`: a table for each action that reaches the runtimes, and under `job` one for each job of the
/// schedule. Texts are templates, see ``Template``.
///
/// ```toml
/// [actuators.scale]
/// kind = "http"
/// method = "POST"
/// url = "https://deploy.internal/agents/{agent}/scale"     # places only after the host
/// headers = { Authorization = "Bearer {env.DEPLOY_TOKEN}" }
/// body = '{{"replicas": {args.replicas}}}'
/// timeout = "10s"
/// attempts = 3                                             # 1…10
/// repeat = { url = "https://deploy.internal/done/{key}" }  # or "safe", "never"; see RepeatRule
///
/// [actuators.job.retraining]
/// kind = "exec"
/// argv = ["/usr/local/bin/retrain", "--agent={agent}"]
/// environment = { REGION = "{env.REGION}" }
/// timeout = "10m"
/// repeat = "never"
/// ```
struct ActuatorReader {
  private let environment: [String: String]
  /// The variables of the environment that were used.
  private(set) var variables: Set<String> = []

  /// The actions that something else than the handler carries out.
  static let actions = Action.allCases.filter { $0.descriptor.takesActuator }
  static let jobs = ["analysis", "retraining", "maintenance", "audit", "dashboard"]

  private enum Kind: String, CaseIterable { case redis, http, exec }
  private enum Method: String, CaseIterable {
    case get = "GET", head = "HEAD", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE"
  }
  private enum RepeatWord: String, CaseIterable { case safe, never }

  private static let longest = TimeSpan.hours(1)

  init(environment: [String: String]) {
    self.environment = environment
  }

  mutating func table(_ section: FileSection) throws(ConfigurationError) -> ActuatorTable {
    try section.allow(Self.actions.map(\.rawValue) + ["job"], in: "actuators")
    var actions: [Action: Actuator] = [:]
    for action in Self.actions {
      guard let entry = try section.section(action.rawValue, expected: "a table with a kind") else { continue }
      actions[action] = try actuator(entry)
    }
    var jobs: [String: Actuator] = [:]
    if let section = try section.section("job", expected: "a table of jobs") {
      try section.allow(Self.jobs, in: "the schedule")
      for job in Self.jobs {
        guard let entry = try section.section(job, expected: "a table with a kind") else { continue }
        jobs[job] = try actuator(entry)
      }
    }
    return ActuatorTable(actions: actions, jobs: jobs)
  }

  private mutating func actuator(_ section: FileSection) throws(ConfigurationError) -> Actuator {
    guard let kind: Kind = try section.choice("kind") else {
      throw section.fault("kind", expected: "\"redis\", \"http\" or \"exec\"")
    }
    switch kind {
    case .redis:
      try section.allow(["kind"], in: "an actuator of kind \"redis\"")
      return .redis
    case .http: return .http(try http(section))
    case .exec: return .exec(try exec(section))
    }
  }

  // MARK: Requests

  private mutating func http(_ section: FileSection) throws(ConfigurationError) -> HTTPActuator {
    try section.allow(
      ["kind", "method", "url", "headers", "body", "timeout", "attempts", "repeat"], in: "an actuator of kind \"http\"")
    var actuator = HTTPActuator(url: try url(section))
    if let method: Method = try section.choice("method") { actuator.method = method.rawValue }
    actuator.headers = try headers(section)
    actuator.body = try text(section, "body", expected: "a text; a JSON document is written as one, with {{ and }}")
    if let timeout = try section.span("timeout", atMost: Self.longest) { actuator.timeout = timeout }
    if let attempts = try section.integer("attempts", in: 1...10) { actuator.attempts = attempts }
    actuator.repeat = try repeatOfRequest(section)
    return actuator
  }

  private mutating func repeatOfRequest(_ section: FileSection) throws(ConfigurationError) -> RepeatRule? {
    let expected = "\"safe\", \"never\", or a look-up such as { url = \"https://…/{key}\" }"
    guard section.holds("repeat") else { return nil }
    if let word = try? section.text("repeat", expected: expected) {
      guard let rule = Self.rule(word) else { throw section.fault("repeat", expected: expected) }
      return rule
    }
    guard let lookUp = try section.section("repeat", expected: expected) else { return nil }
    try lookUp.allow(["url", "method", "headers", "timeout"], in: "a look-up")
    var request = HTTPActuator(method: "GET", url: try url(lookUp))
    if let method: Method = try lookUp.choice("method") { request.method = method.rawValue }
    request.headers = try headers(lookUp)
    if let timeout = try lookUp.span("timeout", atMost: Self.longest) { request.timeout = timeout }
    return .lookUp(request)
  }

  private static func rule(_ word: String) -> RepeatRule? {
    switch RepeatWord(rawValue: word) {
    case .safe: .safe
    case .never: .never
    case nil: nil
    }
  }

  /// The host must be the file's own: a command's argument may say what is asked for, not whom.
  private mutating func url(_ section: FileSection) throws(ConfigurationError) -> Template {
    let expected = "a URL such as \"https://host/agents/{agent}\""
    guard let url = try text(section, "url", expected: expected) else { throw section.fault("url", expected: expected) }
    guard case .text(let start) = url.parts.first,
      let scheme = ["http://", "https://"].first(where: { start.lowercased().hasPrefix($0) })
    else { throw section.fault("url", "does not begin with http:// or https://; expected \(expected)") }
    let rest = start.dropFirst(scheme.count)
    let host = rest.prefix { !"/?#".contains($0) }
    guard !host.isEmpty else { throw section.fault("url", "names no host; expected \(expected)") }
    guard host.endIndex < rest.endIndex || url.parts.count == 1 else {
      throw section.fault("url", "has a place to fill in within its host; expected \(expected)")
    }
    for case .text(let text) in url.parts where !text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
      throw section.fault("url", "holds a blank, a control or a letter that is not ASCII; expected it percent-encoded")
    }
    return url
  }

  private mutating func headers(_ section: FileSection) throws(ConfigurationError) -> [HTTPActuator.Header] {
    guard let table = try section.section("headers", expected: "a table of names and texts") else { return [] }
    var headers: [HTTPActuator.Header] = []
    for name in table.keys {
      guard !name.isEmpty, name.utf8.allSatisfy({ Self.tokenBytes.contains($0) }) else {
        throw table.fault(name, "is no name of a header; expected letters, digits and \"-\"")
      }
      guard !headers.contains(where: { $0.name.lowercased() == name.lowercased() }) else {
        throw table.fault(name, "is there twice; in headers' names capitals do not count")
      }
      guard let value = try text(table, name, expected: "a text") else { continue }
      for case .text(let text) in value.parts where !text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) {
        throw table.fault(name, "holds a control such as a line feed; expected one line")
      }
      headers.append(.init(name: name, value: value))
    }
    return headers
  }

  /// RFC 9110 §5.6.2.
  private static let tokenBytes = Set(
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

  // MARK: Programs

  private mutating func exec(_ section: FileSection) throws(ConfigurationError) -> ExecActuator {
    try section.allow(["kind", "argv", "environment", "timeout", "repeat"], in: "an actuator of kind \"exec\"")
    var actuator = ExecActuator(arguments: try argv(section))
    if let table = try section.section("environment", expected: "a table of names and texts") {
      for name in table.keys { actuator.environment[name] = try variable(table, name) }
    }
    if let timeout = try section.span("timeout", atMost: Self.longest) { actuator.timeout = timeout }
    if section.holds("repeat") {
      guard let word: RepeatWord = try section.choice("repeat") else { return actuator }
      actuator.repeat = Self.rule(word.rawValue)
    }
    return actuator
  }

  private mutating func argv(_ section: FileSection) throws(ConfigurationError) -> [Template] {
    let expected = "an array such as [\"/usr/bin/program\", \"{agent}\"]"
    guard let texts = try section.texts("argv", expected: expected) else {
      throw section.fault("argv", expected: expected)
    }
    guard let program = texts.first else { throw section.fault("argv", "is empty; expected \(expected)") }
    var arguments: [Template] = []
    for (place, source) in texts.enumerated() {
      arguments.append(try template(source, section, "argv", element: place, refusesZero: true))
    }
    // No argument of a command may choose what is run.
    guard program.hasPrefix("/"), case .text = arguments[0].parts.first, arguments[0].parts.count == 1 else {
      throw section.fault(
        "argv", element: 0, "is no absolute path without places to fill in; expected one such as /usr/bin/env")
    }
    return arguments
  }

  private mutating func variable(_ table: FileSection, _ name: String) throws(ConfigurationError) -> Template {
    guard let first = name.utf8.first, !(48...57).contains(first), name.utf8.allSatisfy(Self.isOfVariable) else {
      throw table.fault(name, "is no name of a variable; expected letters, digits and \"_\"")
    }
    guard name != "IDEMPOTENCY_KEY" else { throw table.fault(name, "is set by the handler; expected another name") }
    guard let source = try table.text(name, expected: "a text") else { throw table.fault(name, expected: "a text") }
    return try template(source, table, name, refusesZero: true)
  }

  private static func isOfVariable(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 48...57, UInt8(ascii: "_"): true
    default: false
    }
  }

  // MARK: Templates

  private mutating func text(
    _ section: FileSection, _ key: String, expected: String
  ) throws(ConfigurationError) -> Template? {
    guard let source = try section.text(key, expected: expected) else { return nil }
    return try template(source, section, key)
  }

  /// - Parameter refusesZero: for what becomes a C string, which ends at a zero.
  private mutating func template(
    _ source: String, _ section: FileSection, _ key: String, element: Int? = nil, refusesZero: Bool = false
  ) throws(ConfigurationError) -> Template {
    if refusesZero, source.utf8.contains(0) {
      throw section.fault(key, element: element, "holds a zero; expected a text without")
    }
    do throws(Template.Malformed) {
      let template = try Template(source, environment: environment)
      variables.formUnion(template.variables)
      return template
    } catch {
      throw section.fault(key, element: element, error.problem)
    }
  }
}
