import FleetModel
import Wire

/// A dashboard of Grafana, as its HTTP API and its file import take it.
///
/// Panels ask a Prometheus that the dashboard's own variable `datasource` names, so that one document serves every
/// installation.
package struct Dashboard: Equatable, Sendable {
  /// What tells it from all others: at most ``longestUID`` letters, digits, `-` and `_`.
  package var uid: String
  package var title: String
  package var tags: [String]
  package var variables: [Variable]
  package var panels: [Panel]
  /// The annotations that it shows have all of these tags.
  package var annotationTags: [String]
  /// How far it looks back, as Grafana writes it.
  package var span = "now-6h"

  package static let longestUID = 40
  /// What marks dashboards that vigia made.
  package static let tag = "vigia"
  /// What it holds by default. Older ones that vigia made are replaced; the tag says which one it is.
  package static let layout = layoutPrefix + "1"
  package static let layoutPrefix = "vigia-layout-"
  private static let schema: JSONValue = 39

  /// - Parameter title: the title, if it is to have another than its own.
  package func json(title other: String? = nil) -> JSONValue {
    [
      "uid": .string(uid), "title": .string(other ?? title), "tags": .array(tags.map { .string($0) }),
      "timezone": "browser", "editable": true, "graphTooltip": 1, "refresh": "10s", "schemaVersion": Self.schema,
      "time": ["from": .string(span), "to": "now"],
      "templating": ["list": .array(variables.map(\.json))],
      "annotations": ["list": [Self.annotations(annotationTags)]],
      "panels": .array(laidOut()),
    ]
  }

  private static func annotations(_ tags: [String]) -> JSONValue {
    [
      "name": "vigia", "enable": true, "iconColor": "orange",
      "datasource": ["type": "grafana", "uid": "-- Grafana --"],
      "target": ["type": "tags", "tags": .array(tags.map { .string($0) }), "matchAny": false, "limit": 100],
    ]
  }

  /// Panels from left to right, and from the top down where a row is full.
  private func laidOut() -> [JSONValue] {
    var (x, y, height) = (0, 0, 0)
    return panels.enumerated().map { number, panel in
      if x + panel.width > Panel.fullWidth { (x, y, height) = (0, y + height, 0) }
      defer { (x, height) = (x + panel.width, max(height, panel.height)) }
      return panel.json(id: number + 1, x: x, y: y)
    }
  }
}

/// A choice at the top of a dashboard.
package struct Variable: Equatable, Sendable {
  package var json: JSONValue

  /// Which Prometheus is asked.
  ///
  /// - Parameter uid: the one to begin with; nil for the default one.
  package static func source(_ uid: String?) -> Variable {
    let current: JSONValue? = uid.map { ["text": .string($0), "value": .string($0), "selected": true] }
    return Variable(
      json: [
        "type": "datasource", "name": "datasource", "label": "Prometheus", "query": "prometheus", "current": current,
      ])
  }

  /// Which handlers are shown: a choice of the jobs under which Prometheus scrapes them.
  package static var job: Variable {
    Variable(
      json: [
        "type": "query", "name": "job", "label": "Job", "datasource": Panel.source, "refresh": 2,
        "query": "label_values(vigia_build_info, job)", "multi": true, "includeAll": true,
        "current": ["text": "All", "value": "$__all", "selected": true],
      ])
  }
}
