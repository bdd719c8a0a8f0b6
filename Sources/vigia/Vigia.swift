import ArgumentParser
import FleetModel

/// The program: `vigia` alone is the console.
struct Vigia: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vigia",
    abstract: "A lookout over a fleet of AI agents: watch them live, and act.",
    discussion: """
      Exit codes: 0 done, 1 failed or refused, 3 no answer in time, 4 Redis unreachable, 5 some shards missing, 64 wrong \
      usage.
      """,
    version: ProgramVersion.text,
    subcommands: [
      ConsoleCommand.self, DemoCommand.self, StatusCommand.self, TailCommand.self, SendCommand.self,
      AuditCommand.self, HistoryCommand.self, LevelsCommand.self, BudgetsCommand.self, QueuesCommand.self,
      WaitingCommand.self, MaintenanceCommand.self, TuningCommand.self,
      WhatChangedCommand.self,
      ForecastCommand.self,
      AutomationCommand.self,
      ProposalsCommand.self, ApproveCommand.self,
      RejectCommand.self,
      DeadCommand.self,
      RunbookCommand.self, NotifyCommand.self, MetricsCommand.self, GrafanaCommand.self, ArchiveCommand.self,
      HandlerCommand.self, SimulateCommand.self, DoctorCommand.self, AccessCommand.self,
      TmuxCommand.self, ManualCommand.self,
    ],
    defaultSubcommand: ConsoleCommand.self)
}
