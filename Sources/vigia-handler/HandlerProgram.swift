/// The program: the daemon, or a tool that needs what only the daemon is linked with.
///
/// The tools are no subcommands of the daemon, which would take options of the same name for its own.
enum HandlerProgram {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == "archive" { return ArchiveCommand.main(Array(arguments.dropFirst())) }
    if arguments.starts(with: ["notify", "test"]) { return NotifyTestCommand.main(Array(arguments.dropFirst(2))) }
    HandlerCommand.main()
  }
}
