import ArgumentParser
import Automation
import Configuration
import FleetModel
import Handler
import Wire

/// `vigia runbook`: rules, looked at without a handler.
struct RunbookCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runbook", abstract: "Check rules, print those inside the program, or try them on recorded events.",
    subcommands: [Check.self, Show.self, Test.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say \"ok\" and list the rules of a file, or say what is wrong with it, with key and line.")

    @Argument(help: "The runbook, TOML.") var file: String

    func run() throws {
      let runbook = try RunbookCommand.read(file)
      for rule in runbook.rules {
        let types = rule.on.joined(separator: ", ")
        Output.line("\(rule.id)  \(rule.mode.rawValue)  on \(types), \(rule.deeds.count) actions".shown)
      }
      Output.line("ok: \(runbook.rules.count) rules")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the rules that the handler goes by where no other runbook is named.")

    func run() { Output.raw(RunbookFile.builtInText) }
  }

  struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what rules would have made of recorded events; nothing is done.",
      discussion: """
        A recording is what vigia tail --json prints. Rules that did not match are counted, and listed with --all. \
        Records of agents are not in a recording: their state counts as running.
        """)

    @Argument(help: "The runbook, TOML; \"built-in\" for the one inside the program.") var file: String
    @Option(help: ArgumentHelp("The recording, a line of JSON an event.", valueName: "FILE")) var events: String
    @Flag(help: "Rules that did not match too, with the reason.") var all = false
    @Flag(help: "A line of JSON each.") var json = false

    func run() throws {
      var rehearsal = Rehearsal(try RunbookCommand.read(file))
      var counts = (events: 0, unreadable: 0, unmatched: 0)
      for line in try RunbookCommand.bytes(of: events).split(separator: 10) {
        counts.events += 1
        do throws(Unreadable) {
          let findings = try Array(line).withBytes { bytes throws(Unreadable) in try rehearsal.take(bytes) }
          for finding in findings {
            let isMatch = finding.decision.course != .hold(.notMet)
            if !isMatch { counts.unmatched += 1 }
            if isMatch || all { print(finding) }
          }
        } catch {
          counts.unreadable += 1
        }
      }
      guard !json else { return }
      let rest = counts.unreadable > 0 ? ", \(counts.unreadable) of them unreadable" : ""
      Output.line("\(counts.events) events\(rest); \(counts.unmatched) times a rule did not match")
    }

    private func print(_ finding: Rehearsal.Finding) {
      let deeds = finding.deeds.map(\.description)
      guard !json else {
        return Output.json([
          "at": .string(ISO8601.format(finding.at)), "event": .string(finding.event),
          "agent": .string(finding.agent.bytes), "rule": .string(finding.rule),
          "decision": .string(finding.decision.name), "reason": .string(finding.decision.reason),
          "actions": .array(deeds.map { .string($0) }),
        ])
      }
      let done = finding.decision.isHold ? "" : " → \(deeds.joined(separator: ", "))"
      Output.line(
        ("\(ISO8601.format(finding.at))  \(finding.agent)  \(finding.rule)  \(finding.decision.name): "
          + "\(finding.decision.reason)\(done)").shown)
    }
  }

  static func read(_ file: String) throws -> Runbook {
    do throws(ConfigurationError) {
      return file == "built-in" ? try RunbookFile.builtIn() : try RunbookFile.read(try bytes(of: file), file: file)
    } catch {
      Output.error("vigia: \(error)")
      throw ExitCode(1)
    }
  }

  fileprivate static func bytes(of path: String) throws(ConfigurationError) -> [UInt8] {
    do {
      return try File.read(path)
    } catch {
      throw ConfigurationError(file: path, key: nil, problem: "cannot be read: \(error)")
    }
  }
}

extension Decision {
  fileprivate var isHold: Bool {
    if case .hold = course { true } else { false }
  }

  /// `act`, `propose`, `dry_run`, or why nothing is done.
  fileprivate var name: String {
    switch course {
    case .act: "act"
    case .propose: "propose"
    case .dryRun: "dry_run"
    case .hold(let hold): hold.rawValue
    }
  }
}

extension Array where Element == UInt8 {
  fileprivate func withBytes<Value>(
    _ body: (UnsafeRawBufferPointer) throws(Unreadable) -> Value
  ) throws(Unreadable) -> Value {
    let result: Result<Value, Unreadable> = withUnsafeBytes { bytes in
      do throws(Unreadable) { return .success(try body(bytes)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
