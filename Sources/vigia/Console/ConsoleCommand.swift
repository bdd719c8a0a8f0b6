import ArgumentParser
import Configuration
import FleetModel
import Glibc
import Loop
import Redis
import Screen
import Terminal

/// `vigia console`, and plain `vigia`.
struct ConsoleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console", abstract: "Watch the fleet and act on it (the default).")

  @OptionGroup var redis: RedisOptions

  @Option(
    name: .customLong("stream"), help: .init("A further stream of events to read; several times.", valueName: "key"))
  var streams: [String] = []

  @Option(
    name: .customLong("channels"),
    help: .init(
      "A further channel pattern to listen to, besides agent.* and agents.*; several times.", valueName: "pattern"))
  var channels: [String] = []

  @Option(help: .init("How far back the screen begins, such as 15m or 1h.", valueName: "span"))
  var history: String = "1h"

  @OptionGroup var look: LookOptions
  @OptionGroup var settings: LevelsOptions

  @Option(
    help: .init(
      "A file with [[links]] and [[commands]], such as the handler's settings ($VIGIA_CONFIG, $VIGIA_HANDLER_CONFIG).",
      valueName: "file"))
  var config: String?

  func run() throws {
    var options = try look.options()
    let tables = try settings.tables()
    (options.feed.metrics, options.levels) = (tables.metrics, tables.levels)
    (options.levelsFile, options.feed.followsLevels) = (settings.levels, settings.levels == nil)
    options.tools = try ToolsOptions.read(config)
    guard let span = TimeSpan(history) else {
      throw ValidationError("--history \(history): write a number and s, m, h or d, such as 15m")
    }
    options.feed.history = span
    options.feed.streams = streams.map { Array($0.utf8) }
    options.feed.patterns = channels
    try ConsoleProgram.run(try redis.wholeInstallation(), options: options)
  }
}

/// Where links and commands of the operator's own are configured.
enum ToolsOptions {
  /// None without a file. A file that others may write is read for its faults alone, and its links and commands are off.
  static func read(_ path: String?) throws -> OwnTools {
    guard let path = path ?? Environment["VIGIA_CONFIG"] ?? Environment["VIGIA_HANDLER_CONFIG"] else {
      return OwnTools()
    }
    do {
      var tools = try ToolsFile.read(try File.read(path), file: path)
      if !tools.isEmpty, let fault = FileTrust.fault(of: path) {
        (tools.links, tools.commands, tools.fault) = ([], [], fault)
      }
      return tools
    } catch {
      throw ValidationError("--config \(error)")
    }
  }
}

/// How the console looks, and whether it may act.
struct LookOptions: ParsableArguments {
  @Flag(help: "Refuse every action.")
  var readOnly = false

  @Flag(help: "Draw with ASCII only.")
  var ascii = false

  @Option(help: .init("dark, light, plain, or a theme file's path.", valueName: "name"))
  var theme: String = "dark"

  @Option(help: .init("Frames a second at most, 1 to 60.", valueName: "n"))
  var fps: Int = 30

  func options() throws -> ConsoleProgram.Options {
    guard (1...60).contains(fps) else { throw ValidationError("--fps \(fps): write a number from 1 to 60") }
    var options = ConsoleProgram.Options()
    options.isReadOnly = readOnly
    options.ascii = ascii ? true : nil
    options.framesPerSecond = fps
    do {
      options.theme =
        try theme.contains("/" as Character)
        ? ThemeFile.read(try File.read(theme), file: theme) : ThemeFile.builtIn(theme)
    } catch {
      throw ValidationError("--theme \(error)")
    }
    return options
  }
}

extension ConsoleProgram {
  /// Opens the console on the process's terminal and runs it to its end.
  static func run(_ installation: Installation, options: Options) throws {
    let environment = Environment.values(
      "TERM", "COLORTERM", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE", "USER", "LINES", "COLUMNS", "TMUX", "TERMINFO")
    do {
      let program = try ConsoleProgram(
        loop: Loop(), installation, options: options, environment: environment)
      try program.run()
    } catch {
      throw Exit.failed.saying("\(error)")
    }
  }
}

/// Configuration files, whole, as far as any is taken and a byte more, by which its reader sees that it is too long.
enum File {
  static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("read", path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemError("read", path) }
      bytes += chunk.prefix(count)
      if count == 0 || bytes.count > ConfigurationError.mostBytes { return bytes }
    }
  }
}
