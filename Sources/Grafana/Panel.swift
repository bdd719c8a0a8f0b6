import Wire

/// A panel of a dashboard: a picture of what one or more queries of Prometheus give.
package struct Panel: Equatable, Sendable {
  package enum Kind: String, Sendable {
    case stat
    case timeSeries = "timeseries"
    /// A title over the panels that follow it.
    case row
  }

  /// How a value is written, as Grafana names it.
  package enum Unit: String, Sendable {
    case short, none
    case seconds = "s"
    case ratio = "percentunit"
    case perSecond = "cps"
  }

  package struct Query: Equatable, Sendable {
    package var expression: String
    /// With `{{label}}` for a label's value.
    package var legend: String

    package init(_ expression: String, _ legend: String = "") {
      (self.expression, self.legend) = (expression, legend)
    }
  }

  /// From a value on, a colour.
  package struct Threshold: Equatable, Sendable {
    /// Nil for everything below the next one.
    package var from: Double?
    package var color: String
  }

  package var kind: Kind
  package var title: String
  package var description = ""
  package var unit: Unit
  package var queries: [Query]
  /// Without thresholds a value has no colour: colour means state.
  package var thresholds: [Threshold] = []
  /// Words instead of numbers.
  package var words: [Int: String] = [:]
  package var bounds: (least: Double?, most: Double?) = (nil, nil)
  package var isStacked = false
  /// Whether a value is named by its legend, and not by the value.
  package var showsNames = false
  package var width: Int
  package var height: Int

  package static let fullWidth = 24
  static let source: JSONValue = ["type": "prometheus", "uid": "${datasource}"]

  package static func == (left: Panel, right: Panel) -> Bool {
    left.json(id: 0, x: 0, y: 0) == right.json(id: 0, x: 0, y: 0)
  }

  /// A number, with its past behind it.
  package static func stat(
    _ title: String, _ expression: String, unit: Unit = .short, legend: String = "",
    _ change: (inout Panel) -> Void = { _ in }
  ) -> Panel {
    var panel = Panel(
      kind: .stat, title: title, unit: unit, queries: [Query(expression, legend)], width: 4, height: 4)
    change(&panel)
    return panel
  }

  /// Lines over time.
  package static func lines(
    _ title: String, unit: Unit = .short, _ queries: Query..., change: (inout Panel) -> Void = { _ in }
  ) -> Panel {
    var panel = Panel(kind: .timeSeries, title: title, unit: unit, queries: queries, width: 12, height: 8)
    change(&panel)
    return panel
  }

  /// A title over the panels that follow it, by which people fold them away.
  package static func row(_ title: String) -> Panel {
    Panel(kind: .row, title: title, unit: .none, queries: [], width: fullWidth, height: 1)
  }

  func json(id: Int, x: Int, y: Int) -> JSONValue {
    let place: JSONValue = [
      "h": Self.number(height), "w": Self.number(width), "x": Self.number(x), "y": Self.number(y),
    ]
    // Panels stand in a row's own list only while it is folded.
    if kind == .row {
      return [
        "id": .integer(Int64(id)), "type": .string(kind.rawValue), "title": .string(title), "collapsed": false,
        "panels": [], "gridPos": place,
      ]
    }
    return [
      "id": .integer(Int64(id)), "type": .string(kind.rawValue), "title": .string(title),
      "description": description.isEmpty ? nil : .string(description), "datasource": Self.source,
      "gridPos": place,
      "targets": .array(queries.enumerated().map { Self.target($1, place: $0, isInstant: false) }),
      "fieldConfig": ["defaults": defaults, "overrides": []],
      "options": options,
    ]
  }

  private static func number(_ value: Int) -> JSONValue { .integer(Int64(value)) }

  private static func target(_ query: Query, place: Int, isInstant: Bool) -> JSONValue {
    [
      "refId": .string(String(UnicodeScalar(UInt8(ascii: "A") + UInt8(place % 26)))), "datasource": source,
      "expr": .string(query.expression), "legendFormat": .string(query.legend.isEmpty ? "__auto" : query.legend),
      "range": .bool(!isInstant), "instant": .bool(isInstant),
    ]
  }

  private var defaults: JSONValue {
    let steps = thresholds.isEmpty ? [Threshold(from: nil, color: "text")] : thresholds
    let mode = kind == .stat ? "thresholds" : "palette-classic"
    let mappings: [JSONValue] = words.isEmpty ? [] : [mapping]
    return [
      "unit": .string(unit.rawValue), "min": bounds.least.map { .number($0) }, "max": bounds.most.map { .number($0) },
      "color": ["mode": .string(mode)],
      "thresholds": [
        "mode": "absolute",
        "steps": .array(steps.map { ["value": $0.from.map { .number($0) } ?? .null, "color": .string($0.color)] }),
      ],
      "mappings": .array(mappings),
      "custom": kind == .timeSeries ? lineStyle : nil,
    ]
  }

  private var mapping: JSONValue {
    var options = JSONObject()
    for (value, word) in words.sorted(by: { $0.key < $1.key }) {
      options["\(value)"] = ["text": .string(word), "index": .integer(Int64(value))]
    }
    return ["type": "value", "options": .object(options)]
  }

  private var lineStyle: JSONValue {
    [
      "drawStyle": "line", "lineWidth": 1, "fillOpacity": isStacked ? 40 : 8, "showPoints": "never",
      "spanNulls": 90_000, "stacking": ["mode": isStacked ? "normal" : "none", "group": "A"],
    ]
  }

  private var options: JSONValue {
    switch kind {
    case .row: [:]
    case .stat:
      [
        "reduceOptions": ["calcs": ["lastNotNull"], "fields": "", "values": false],
        "colorMode": thresholds.isEmpty ? "none" : "value", "graphMode": showsNames || !words.isEmpty ? "none" : "area",
        "textMode": showsNames ? "name" : "auto", "justifyMode": "auto", "orientation": "auto",
      ]
    case .timeSeries:
      [
        "legend": ["displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []],
        "tooltip": ["mode": "multi", "sort": "desc"],
      ]
    }
  }
}
