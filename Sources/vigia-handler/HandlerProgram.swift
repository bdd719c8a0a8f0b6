/// The program: the daemon, or the tool for the archive.
///
/// The tool is no subcommand of the daemon, which would take options of the same name for its own.
enum HandlerProgram {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "archive" { return ArchiveCommand.main(Array(arguments.dropFirst())) }
    HandlerCommand.main()
  }
}
