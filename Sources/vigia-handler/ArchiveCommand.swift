import ArgumentParser
import Configuration
import FleetModel
import Glibc
import Handler
import RedisArguments
import Screen
import Wire

/// `vigia-handler archive`, which is also `vigia archive`: makes, looks after and reads the ClickHouse of `[archive]`.
struct ArchiveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vigia archive",
    abstract: "Make, look after and read the ClickHouse that keeps what streams let go of.",
    subcommands: [Init.self, Status.self, Prune.self, Query.self, History.self])

  /// Where the archive is.
  struct Options: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "The handler's settings, with [archive]; default $VIGIA_HANDLER_CONFIG.", valueName: "FILE"))
    var config: String?

    func settings() throws -> ArchiveSettings {
      guard let path = config ?? Environment["VIGIA_HANDLER_CONFIG"] else {
        throw ValidationError("which archive? --config FILE or $VIGIA_HANDLER_CONFIG names the file with [archive]")
      }
      do throws(ConfigurationError) {
        let source = SettingsSource(path: path, secrets: [])
        guard let archive = try source.archive() else {
          throw ConfigurationError(file: path, key: "archive", problem: "is missing; expected [archive] with a url")
        }
        return archive
      } catch {
        throw ValidationError("\(error)")
      }
    }

    func session() throws -> ArchiveSession { try ArchiveSession(try settings()) }
  }

  /// Says what could not be done, and ends with 1.
  static func attempt(_ work: () throws(ArchiveSession.Refusal) -> Void) throws {
    do throws(ArchiveSession.Refusal) {
      try work()
    } catch {
      fflush(nil)
      write(Array("vigia: archive: \(Scrubber.display("\(error)"))\n".utf8), to: 2)
      throw ExitCode(1)
    }
  }

  // MARK: init

  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the database, its tables and views; what is there stays as it is.")

    @OptionGroup var options: Options
    @Flag(help: "Print the statements for a current server, and do nothing.") var print = false

    func run() throws {
      guard !print else {
        let settings = try options.settings()
        for statement in ArchiveStatements.creation(in: settings.database, deduplicates: true) {
          Swift.print(statement + ";")
        }
        return
      }
      let session = try options.session()
      let settings = session.settings
      try ArchiveCommand.attempt { () throws(ArchiveSession.Refusal) in
        let knows = try session.rows(ArchiveStatements.deduplicationQuestion, as: settings.writer)
        let deduplicates = knows.first?.first.map { $0 != "0" } ?? false
        for statement in ArchiveStatements.creation(in: settings.database, deduplicates: deduplicates) {
          _ = try session.ask(statement, as: settings.writer)
        }
      }
      Swift.print("ok: database \(settings.database) has its tables and views")
    }
  }

  // MARK: query

  struct Query: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ask the archive in SQL, as one who may only read.",
      discussion: """
        The views events, audit and findings have each row once. Names without a database are those of the archive.
        """)

    @Argument(help: "The statement.") var sql: String
    @OptionGroup var options: Options
    @Flag(help: "A line of JSON a row, instead of tabs and a line of names.") var json = false

    func run() throws {
      let session = try options.session()
      try ArchiveCommand.attempt { () throws(ArchiveSession.Refusal) in
        let format = json ? "JSONEachRow" : "TabSeparatedWithNames"
        let answer = try session.ask(
          sql, as: session.settings.reader,
          [("database", session.settings.database), ("default_format", format)] + (try session.readingParameters()))
        ArchiveCommand.write(answer)
      }
    }
  }

  /// Text from outside passes through the scrubber before it comes to a terminal; elsewhere it keeps its bytes.
  static func write(_ bytes: [UInt8]) {
    guard isatty(1) == 1 else {
      return write(bytes, to: 1)
    }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      Swift.print(fields.map { Scrubber.display(String($0)) }.joined(separator: "\t"))
    }
  }

  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      // Nobody reads any more: there is nobody to tell either.
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  // MARK: history

  /// What `vigia history` reads; a line `name, begin, count, mean, min, max, p95` for each metric and step.
  struct History: ParsableCommand {
    static let configuration = CommandConfiguration(shouldDisplay: false)

    @Argument var agent: String
    @Option var from: Int64
    @Option var to: Int64
    @Option var step: Int64
    @OptionGroup var prefixing: PrefixOptions
    @OptionGroup var options: Options

    func run() throws {
      guard let agent = AgentID(outside: Array(agent.utf8)), agent != .none, step > 0 else {
        throw ValidationError("an agent and a step")
      }
      let session = try options.session()
      let events = Keys(try prefixing.chosen()).events
      let statement = ArchiveQueries(session.settings).history(
        of: agent, in: events, from: Instant(milliseconds: from), to: Instant(milliseconds: to), step: step)
      try ArchiveCommand.attempt { () throws(ArchiveSession.Refusal) in
        let parameters = try session.readingParameters()
        let answer = try session.ask(statement, as: session.settings.reader, parameters)
        ArchiveCommand.write(answer, to: 1)
      }
    }
  }
}
