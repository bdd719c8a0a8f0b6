import ArgumentParser
import FleetModel
import Simulation

extension TimeSpan: ExpressibleByArgument {
  /// `90s`, `15m`, `1h` or `2d`.
  public init?(argument: String) { self.init(argument) }
}

extension AutomationMode: ExpressibleByArgument {}
extension Scenario: ExpressibleByArgument {}
extension SimulatedIncident: ExpressibleByArgument {}
extension Simulator.Settings.Destination: ExpressibleByArgument {}
extension Simulator.Settings.Format: ExpressibleByArgument {}
