/// Whether load is shared anew among the agents of a role that let their part of new conversations be set.
package struct LoadSettings: Equatable, Sendable {
  /// A person is asked about one change a role at a time.
  package var mode = Autonomy.off
  /// How long it takes until a change shows in what is open: about as long as a conversation lasts.
  package var settle = TimeSpan.minutes(3)
  /// As many changes a minute a role may see at the most.
  package var movesAMinute = 4

  package init() {}

  /// The parameter that an agent declares, see ``TunableParameter``: whoever routes new conversations of a role gives an
  /// agent its part in proportion to it; 1 where none is declared.
  package static let parameter = "routing_share"

  /// What may be set.
  package static let spans = TimeSpan.seconds(1)...TimeSpan.hours(1)
  package static let moves = 1...60
}
