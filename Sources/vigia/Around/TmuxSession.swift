import Wire

/// The commands by which tmux sets up the standard session.
///
/// tmux reads them from its standard input: an address with a password must not stand in a process's arguments.
struct TmuxSession {
  let name: String
  /// This program's own file.
  let program: String
  /// The variables that say which Redis, its password among them. Panes are told all of them, empty ones too: tmux's own
  /// environment may have others.
  let variables: [(name: String, value: String)]
  /// The address of Redis without its password, and the prefix: what the session is of.
  let shows: String

  /// The variable of the session that says which Redis it is of.
  static let showsVariable = "VIGIA_SHOWS"

  var script: String {
    let address = variables.map { " -e \(Self.quoted("\($0.name)=\($0.value)"))" }.joined()
    let target = Self.quoted("=\(name):")
    let run = Self.shellQuoted(program)
    let windows = [("commands", "\(run) audit; exec \"${SHELL:-/bin/sh}\""), ("tail", "\(run) tail --history 10m")]
    var lines = [
      "new-session -d -s \(Self.quoted(name)) -n fleet\(address) \(Self.quoted("exec \(run) console"))",
      "set-environment -t \(target) \(Self.showsVariable) \(Self.quoted(shows))",
    ]
    if let segment {
      lines += [
        "set-option -t \(target) status-interval 5", "set-option -t \(target) status-right-length 60",
        "set-option -t \(target) status-right \(Self.quoted("\(segment) %H:%M"))",
      ]
    }
    lines += windows.map { "new-window -d -t \(target) -n \($0.0)\(address) \(Self.quoted($0.1))" }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The fleet in the status line. tmux gives its program the server's variables, not the session's: they have to stand in
  /// the option, which every process sees as a shell's arguments while it runs. So there is none with a password, unless a
  /// file has it, nor with marks such as "#", which would mean something else there.
  private var segment: String? {
    guard !variables.contains(where: { $0.name == "VIGIA_REDIS_PASSWORD" && !$0.value.isEmpty }) else { return nil }
    let words = variables.map { "\($0.name)=\(Self.shellQuoted($0.value)) " }.joined()
    let command = "\(words)\(Self.shellQuoted(program)) status --tmux"
    return command.contains { "@#%()".contains($0) } ? nil : "#(\(command))"
  }

  /// As one word of tmux's own language.
  static func quoted(_ text: String) -> String { "'" + text.split("'").joined(separator: "'\"'\"'") + "'" }

  /// As one word of a shell.
  static func shellQuoted(_ text: String) -> String { "'" + text.split("'").joined(separator: "'\\''") + "'" }
}

extension String {
  fileprivate func split(_ mark: Character) -> [Substring] {
    split(separator: mark, omittingEmptySubsequences: false)
  }
}
