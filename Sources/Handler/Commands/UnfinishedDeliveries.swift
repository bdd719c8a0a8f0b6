import Wire

/// What this process has taken and not finished. Whatever ended its lease meanwhile, the process lives: the same entries are
/// taken again without being counted, so that a lease that comes and goes puts no command aside.
///
/// A class, because it outlives each session.
final class UnfinishedDeliveries {
  private var entries: [[UInt8]: Set<StreamID>] = [:]

  func contains(_ delivery: Delivery) -> Bool { entries[delivery.stream]?.contains(delivery.entry) == true }

  func insert(_ delivery: Delivery) { entries[delivery.stream, default: []].insert(delivery.entry) }

  func remove(_ delivery: Delivery) { entries[delivery.stream]?.remove(delivery.entry) }

  /// Forgets what others have finished.
  func keep(_ pending: Set<StreamID>, of stream: [UInt8]) { entries[stream]?.formIntersection(pending) }
}
