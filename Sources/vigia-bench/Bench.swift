import ArgumentParser

/// The benchmarks: the product's own code beside its yardsticks, in one run.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vigia-bench", abstract: "Measure vigia beside what plain C does, in one run.",
    subcommands: [
      IngestCommand.self, PubSubCommand.self, LatencyCommand.self, FrameCommand.self, RestCommand.self,
      LoadCommand.self, MemoryCommand.self, HandlerCommand.self, ChaosCommand.self, FeedCommand.self, TruthCommand.self,
      WorldCommand.self, MaintenanceCommand.self, RebalanceCommand.self, TuningCommand.self, DetectCommand.self,
      ForesightCommand.self, ScrapeCommand.self, ShardCommand.self,
    ])
}
