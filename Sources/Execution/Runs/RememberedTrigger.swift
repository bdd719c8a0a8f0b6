import FleetModel
import Wire

/// What a run's record keeps of the event that began it: the run is judged again by it.
package struct RememberedTrigger: Equatable {
  package var type: String
  package var data: JSONValue
  package var before: [Metric: Double]

  /// Longer data are not kept, in bytes of JSON: conditions about them then do not hold.
  package static let most = 64 << 10

  package init(type: String, data: JSONValue, before: [Metric: Double]) {
    (self.type, self.data, self.before) = (type, data, before)
  }

  package init(_ json: JSONValue) {
    type = json["type"]?.text ?? ""
    data = json["data"] ?? .null
    var values: [Metric: Double] = [:]
    for metric in Metric.allCases { values[metric] = json["before"]?[metric.field]?.double }
    before = values
  }

  package var json: JSONValue {
    let values = before.sorted { $0.key.field < $1.key.field }.map {
      (Array($0.key.field.utf8), JSONValue.number($0.value))
    }
    return ["type": .string(type), "data": data, "before": .object(JSONObject(members: values))]
  }
}
