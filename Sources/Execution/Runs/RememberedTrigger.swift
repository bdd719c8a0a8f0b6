import FleetModel
import Wire

/// What a run's record keeps of the event that began it: the run is judged again by it.
package struct RememberedTrigger: Equatable {
  package var type: String
  package var data: JSONValue
  /// Values of the agent before the event, by their metrics' names on the wire.
  package var before: [String: Double]

  /// Longer data are not kept, in bytes of JSON: conditions about them then do not hold.
  package static let most = 64 << 10
  /// All metrics that there can be, of both sorts.
  private static let mostValues = Metric.allCases.count + MetricTable.most

  package init(type: String, data: JSONValue, before: [String: Double]) {
    (self.type, self.data, self.before) = (type, data, before)
  }

  package init(_ json: JSONValue) {
    type = json["type"]?.text ?? ""
    data = json["data"] ?? .null
    let members = json["before"]?.object?.members ?? []
    let named = members.prefix(Self.mostValues).compactMap { member in
      member.value.double.map { (String(decoding: member.key, as: UTF8.self), $0) }
    }
    before = Dictionary(named) { $1 }
  }

  package var json: JSONValue {
    let values = before.sorted { $0.key < $1.key }.map { (Array($0.key.utf8), JSONValue.number($0.value)) }
    return ["type": .string(type), "data": data, "before": .object(JSONObject(members: values))]
  }
}
