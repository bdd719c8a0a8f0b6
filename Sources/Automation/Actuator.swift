import FleetModel

/// How an action is carried out: chosen for each in the handler's configuration.
package enum Actuator: Equatable, Sendable {
  /// The runtimes are told by a control message, in the same step that writes the outcome.
  case redis
  /// A service is told by a request.
  case http(HTTPActuator)
  /// A program is run.
  case exec(ExecActuator)
  /// Grafana gets an agent's dashboard.
  case grafana(GrafanaService)
}

extension Actuator {
  /// How long one attempt may take.
  package var timeout: TimeSpan {
    switch self {
    case .redis: .zero
    case .http(let http): http.timeout
    case .exec(let exec): exec.timeout
    case .grafana(let service): service.timeout
    }
  }

  /// How long it may take, its attempts and a look-up before them included.
  package var longest: TimeSpan {
    switch self {
    case .redis: return .zero
    case .exec(let exec): return exec.timeout
    // It is looked for, made and looked for again, and each may be tried again.
    case .grafana(let service): return service.timeout * 2 * Int64(GrafanaService.attempts) * 4
    case .http(let http):
      // Between two attempts it waits at most as long as one may take.
      var span = http.timeout * 2 * Int64(http.attempts)
      if case .lookUp(let request)? = http.repeat { span = span + request.timeout }
      return span
    }
  }
}

/// A request of an HTTP service. Texts are templates, see ``Template``.
package struct HTTPActuator: Equatable, Sendable {
  package var method: String
  package var url: Template
  package var headers: [Header]
  /// Nil sends none. What is filled in is escaped as the inside of a JSON string.
  package var body: Template?
  /// One attempt, from the look-up of the host's name to the last byte.
  package var timeout: TimeSpan
  /// How often it is tried in all, if an attempt fails in passing.
  package var attempts: Int
  /// Nil: as the action itself is.
  package var `repeat`: RepeatRule?

  package struct Header: Equatable, Sendable {
    package var name: String
    package var value: Template

    package init(name: String, value: Template) {
      self.name = name
      self.value = value
    }
  }

  package init(
    method: String = "POST", url: Template, headers: [Header] = [], body: Template? = nil,
    timeout: TimeSpan = .seconds(10), attempts: Int = 3, repeat rule: RepeatRule? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.attempts = attempts
    self.repeat = rule
  }
}

/// What is to be done if nobody knows whether an effect was had: a handler that dies between the effect and its outcome
/// leaves an intent, and the next one must know what to do with it.
package indirect enum RepeatRule: Equatable, Sendable {
  /// Doing it twice is as doing it once: it is done again.
  case safe
  /// It is asked for first: 2xx if it was done, 404 if it was not, and then it is done.
  case lookUp(HTTPActuator)
  /// Its outcome is unknown, and a person is called.
  case never
}

/// A program, run without a shell.
package struct ExecActuator: Equatable, Sendable {
  /// The program's path and its arguments, each a template that fills one argument and never becomes two.
  package var arguments: [Template]
  /// What the program finds in its environment, besides `IDEMPOTENCY_KEY`; nothing is handed on unlisted.
  package var environment: [String: Template]
  /// After it the whole process group is ended.
  package var timeout: TimeSpan
  package var `repeat`: RepeatRule?

  package init(
    arguments: [Template], environment: [String: Template] = [:], timeout: TimeSpan = .seconds(60),
    repeat rule: RepeatRule? = nil
  ) {
    self.arguments = arguments
    self.environment = environment
    self.timeout = timeout
    self.repeat = rule
  }
}

/// The actuator of each action, and of each job of the schedule.
package struct ActuatorTable: Equatable, Sendable {
  private var actions: [Action: Actuator]
  private var jobs: [String: Actuator]

  package init(actions: [Action: Actuator] = [:], jobs: [String: Actuator] = [:]) {
    self.actions = actions
    self.jobs = jobs
  }

  package subscript(action: Action) -> Actuator { actions[action] ?? .redis }

  /// How long the slowest of them may take, its attempts and a look-up before them included.
  package var longest: TimeSpan {
    (Array(actions.values) + Array(jobs.values)).map(\.longest).max() ?? .zero
  }

  /// Nil: the runtimes are told, and answer by their status.
  package subscript(job name: String) -> Actuator? { jobs[name] }
}
