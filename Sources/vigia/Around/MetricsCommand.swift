import ArgumentParser

/// `vigia metrics`: what Prometheus needs besides the handler's page.
struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics", abstract: "Print alert rules by which Prometheus watches vigia itself, and queues.",
    subcommands: [Rules.self])

  struct Rules: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print alert rules for the handlers and for queues: gone, no leader, behind, nobody reads.",
      discussion: "Prometheus reads them from a file that its configuration names under rule_files.")

    @Option(
      help: ArgumentHelp("The job's name in the configuration of Prometheus; default vigia.", valueName: "NAME"))
    var job = "vigia"

    func validate() throws {
      let isPlain = job.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
      }
      guard isPlain, !job.isEmpty else { throw ValidationError("--job has letters, digits, \"-\", \"_\" and \".\"") }
    }

    func run() {
      let text = String(decoding: PackageResources.rules_yml, as: UTF8.self)
      Output.raw(Array(text.replacing("job=\"vigia\"", with: "job=\"\(job)\"").utf8))
    }
  }
}
