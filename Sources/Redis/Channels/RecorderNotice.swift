import FleetModel
import Wire

/// What is said on the recorder's channel.
package enum RecorderNotice {
  /// The place of a recorder in what is heard.
  case marker(RecorderMarker)
  /// A handler gave its lease back; complete where it had written all that was published before.
  case released(isComplete: Bool, shard: Int?)

  /// Nil if the bytes are none.
  package init?(_ payload: UnsafeRawBufferPointer) {
    if let marker = RecorderMarker.decode(payload) {
      self = .marker(marker)
    } else if let json = try? JSONValue.parse(payload), json["released"]?.bool == true {
      self = .released(isComplete: json["complete"]?.bool == true, shard: json["shard"]?.int)
    } else {
      return nil
    }
  }

  /// Whose stream it is about; nil if the fleet is not divided.
  package var shard: Int? {
    switch self {
    case .marker(let marker): marker.shard
    case .released(_, let shard): shard
    }
  }
}
