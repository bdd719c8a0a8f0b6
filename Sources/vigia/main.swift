import ArgumentParser

// As `Vigia.main()` does, but for what it says of options before the subcommand.
do {
  var command = try Vigia.parseAsRoot()
  try command.run()
} catch {
  let arguments = Array(CommandLine.arguments.dropFirst())
  guard let advice = MisplacedOptions.advice(arguments, problem: Vigia.message(for: error)) else {
    Vigia.exit(withError: error)
  }
  Vigia.exit(withError: ValidationError(advice))
}
