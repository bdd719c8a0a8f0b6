import FleetModel

/// A Grafana, and what it is told.
package struct GrafanaService: Equatable, Sendable {
  /// Its address, without a slash at the end.
  package var url: String
  /// What the service account is known by: a secret.
  package var token: String
  /// The uid of the folder for new dashboards; nil for the general one.
  package var folder: String?
  /// The uid of the Prometheus that they ask; nil for Grafana's default one.
  package var source: String?
  /// The installation's prefix in Redis, which tells its agents from those of another one.
  package var prefix: String
  package var makesDashboards: Bool
  package var annotates: Bool
  /// One attempt, from the look-up of the host's name to the last byte.
  package var timeout = TimeSpan.seconds(10)

  package init(
    url: String, token: String, folder: String? = nil, source: String? = nil, prefix: String = "agentos",
    makesDashboards: Bool = true, annotates: Bool = true
  ) {
    (self.url, self.token, self.folder, self.source, self.prefix) = (url, token, folder, source, prefix)
    (self.makesDashboards, self.annotates) = (makesDashboards, annotates)
  }

  /// How often an agent's dashboard is tried in all.
  package static let attempts = 3
}
