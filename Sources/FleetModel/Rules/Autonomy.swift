/// How far the handler goes by itself in one of the things that it foresees or finds: maintenance, rollback, hand-overs,
/// sharing load, tuning. The fleet-wide switch of automation stands above it.
package enum Autonomy: String, CaseIterable, Sendable {
  /// It does nothing about it.
  case off
  /// A person is asked.
  case propose
  /// It acts.
  case auto
}

extension Autonomy: WireWord {}
