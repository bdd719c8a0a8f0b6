import ArgumentParser
import Grafana
import Wire

/// `vigia grafana`: what Grafana needs besides the metrics.
struct GrafanaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grafana", abstract: "Print a dashboard of the fleet for Grafana.",
    subcommands: [DashboardCommand.self])

  struct DashboardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dashboard", abstract: "Print a dashboard of the fleet and its handlers, as JSON.",
      discussion: "Grafana takes it under Dashboards, New, Import, or from a folder that it is provisioned from.")

    @Option(
      help: ArgumentHelp("The uid of the Prometheus data source; default Grafana's own default.", valueName: "UID"))
    var source: String?

    func run() {
      Output.raw(Dashboard.fleet(source: source).json().encoded + [10])
    }
  }
}
