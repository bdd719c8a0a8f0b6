import Automation
import FleetModel

/// The Grafana that gets a dashboard for each new agent, and annotations:
///
/// ```toml
/// [grafana]
/// url = "https://grafana.internal"      # or url_env, url_file
/// token_file = "/run/secrets/grafana"   # or token_env: a service account's token
/// folder = "agents"                     # the uid of the folder for new dashboards
/// prometheus = "prom-1"                 # the uid of the data source; without it the default one
/// dashboards = true                     # one for each new agent
/// annotations = true                    # one for each action and incident
/// ```
extension NotifyReader {
  mutating func grafana(_ section: FileSection) throws(ConfigurationError) -> GrafanaService {
    try section.allow(
      ["url", "url_env", "url_file", "token_env", "token_file", "folder", "prometheus", "dashboards", "annotations"],
      in: "grafana")
    var url = try url(section, mayBeLiteral: true)
    while url.hasSuffix("/") { url.removeLast() }
    guard let token = try secretToken(section, "token") else {
      throw section.fault("token_file", expected: "the path of a file with a service account's token, or token_env")
    }
    var service = GrafanaService(url: url, token: token)
    service.folder = try uid(section, "folder")
    service.source = try uid(section, "prometheus")
    service.makesDashboards = try section.flag("dashboards") ?? true
    service.annotates = try section.flag("annotations") ?? true
    return service
  }

  /// Grafana knows folders and data sources by up to 40 letters, digits, `-` and `_`.
  private func uid(_ section: FileSection, _ key: String) throws(ConfigurationError) -> String? {
    let expected = "a uid: at most 40 letters, digits, \"-\" and \"_\""
    guard let uid = try section.text(key, expected: expected) else { return nil }
    guard (1...40).contains(uid.utf8.count), uid.utf8.allSatisfy(Self.isOfName) else {
      throw section.fault(key, expected: expected)
    }
    return uid
  }
}
