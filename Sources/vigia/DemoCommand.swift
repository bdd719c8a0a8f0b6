import ArgumentParser

/// `vigia demo`.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "demo", abstract: "Everything at once.")
  func run() throws { throw Exit.failed.saying("not yet") }
}
