/// What the settings say of tuning the parameters that agents declare.
package struct TuningOptions: Equatable, Sendable {
  /// A person is asked before each trial and each adoption. If it is off, what was adopted goes back.
  package var mode = Autonomy.off
  /// The names of the parameters that may be tuned at all.
  package var parameters: [String] = []
  /// The name of the metric that is to come closer to ``best``.
  package var objective = Metric.errorRate.field
  /// A value of it that costs nothing, and one that costs as much as any can; either may be the greater.
  package var best = 0.0
  package var worst = 0.2
  /// What trying may cost a role a day at the most, in minutes of the whole role at ``worst``.
  package var budget = 6.0
  /// For how long values are added up before they are judged.
  package var every = TimeSpan.minutes(1)
  /// So many of these spans count for nothing after a change, which has to show first.
  package var settle = 3

  /// For how long events may be read late before nothing is begun; nil: as long as the budget allows for. Not in the file.
  package var mostLate: TimeSpan?
  /// What draws follow from; nil: any number. Not in the file.
  package var seed: UInt64?

  package static let mostParameters = 8
  /// The least is what a role can lose until all of its agents are back.
  package static let budgets = 5.0...1440
  /// The budget takes it that all can run as before within five of them: of a second that asks for events that are read
  /// and commands that are carried out at once.
  package static let spans = TimeSpan.seconds(1)...TimeSpan.minutes(10)
  package static let settles = 1...30

  package init() {}

  /// What is read later tells of another setting than agents run with. Half of the five spans in which all can run as
  /// before, as the budget takes it, is for the events, and half for the commands.
  package var late: TimeSpan { mostLate ?? min(.seconds(30), TimeSpan(milliseconds: every.milliseconds * 5 / 2)) }

  package var isOn: Bool { mode != .off && !parameters.isEmpty }
}
