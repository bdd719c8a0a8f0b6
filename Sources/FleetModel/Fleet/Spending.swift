/// What one agent has used on one day, added up minute by minute. A minute counts once: one that is no later than the last
/// is left out, so that a handler that takes over can add up the same minutes again. It counts for the day that its caller
/// says, so that another zone moves no minute that is counted.
package struct Spending: Equatable, Sendable {
  /// What is added up of one unit.
  package struct Use: Equatable, Sendable {
    /// Since midnight.
    package var used: Double
    /// An hour, as a slow mean.
    package var rate: Double
    /// How many of ``Budget/levels`` have been told today.
    package var told: Int
    /// What may be used a day; nil if there is no budget.
    package var most: Double?

    package init(used: Double = 0, rate: Double = 0, told: Int = 0, most: Double? = nil) {
      (self.used, self.rate, self.told, self.most) = (used, rate, told, most)
    }

    /// The share of the budget that is used; nil without a budget.
    package var share: Double? { most.map { $0 > 0 ? used / $0 : 0 } }

    /// What will have been used at the end of the day, if it goes on like this.
    package func projected(at instant: Instant, in day: BudgetDay) -> Double {
      min(Spending.greatest, used + rate * Double(max(0, (day.end - instant).milliseconds)) / 3_600_000)
    }

    fileprivate mutating func add(_ amount: Double, minutes: Double) {
      used = min(Spending.greatest, used + amount)
      let share = min(1, Spending.weightOfMinute * minutes)
      rate += share * (amount / minutes * 60 - rate)
    }
  }

  /// What a minute's rollups come to.
  package struct Minute: Equatable, Sendable {
    package var begin: Instant
    /// An hour; nil if the agent did not say.
    package var costAnHour: Double?
    package var tokens: Double?
    /// Tokens a minute: for agents that say nothing else.
    package var tokensAMinute: Double?

    package init(_ begin: Instant, costAnHour: Double? = nil, tokens: Double? = nil, tokensAMinute: Double? = nil) {
      (self.begin, self.costAnHour, self.tokens, self.tokensAMinute) = (begin, costAnHour, tokens, tokensAMinute)
    }

    /// Since the epoch.
    package var number: Int64 { BudgetDay.minute(of: begin) }
  }

  /// The day that is counted.
  package private(set) var day: BudgetDay
  /// The last minute that is counted, since the epoch.
  package private(set) var minute: Int64
  package var role: String
  package var cost: Use
  package var tokens: Use

  /// A rate counts for the minutes before it in which the agent did not report, up to so many.
  private static let mostHeld: Int64 = 5
  private static let weightOfMinute = 1.0 / 15
  fileprivate static let greatest = 1e15

  package init(
    day: BudgetDay = .none, minute: Int64 = .min, role: String = "", cost: Use = Use(), tokens: Use = Use()
  ) {
    (self.day, self.minute, self.role, self.cost, self.tokens) = (day, minute, role, cost, tokens)
  }

  package subscript(unit: Budget.Unit) -> Use {
    get {
      switch unit {
      case .cost: cost
      case .tokens: tokens
      }
    }
    set {
      switch unit {
      case .cost: cost = newValue
      case .tokens: tokens = newValue
      }
    }
  }

  /// Adds what an agent of a group has used, or takes it off again.
  package mutating func take(_ other: Spending, _ sign: Double, in day: BudgetDay) {
    (self.day, minute) = (day, max(minute, other.minute))
    for unit in Budget.Unit.allCases {
      self[unit].used = min(Self.greatest, max(0, self[unit].used + sign * other[unit].used))
      self[unit].rate = min(Self.greatest, max(0, self[unit].rate + sign * other[unit].rate))
    }
  }

  /// What several have counted of one group today, each of agents of its own; nil if none has.
  package static func sum(_ all: [Spending], at now: Instant) -> Spending? {
    let today = all.filter { $0.day.contains(now) }
    guard var sum = today.first else { return all.first }
    for other in today.dropFirst() {
      sum.take(other, 1, in: sum.day)
      for unit in Budget.Unit.allCases {
        sum[unit].most = [sum[unit].most, other[unit].most].compactMap(\.self).max()
        sum[unit].told = max(sum[unit].told, other[unit].told)
      }
    }
    return sum
  }

  /// Adds a minute to the day that it lies in.
  ///
  /// - Returns: whether it counts.
  package mutating func add(_ new: Minute, in day: BudgetDay) -> Bool {
    let number = new.number
    guard number > minute else { return false }
    let (cost, tokens) = (Self.plausible(new.costAnHour), Self.plausible(new.tokens))
    let perMinute = Self.plausible(new.tokensAMinute)
    guard cost != nil || tokens != nil || perMinute != nil else { return false }
    // Of a day that has ended only the rate goes on.
    let isNewDay = day.from != self.day.from
    let since = minute == .min || isNewDay ? 1 : min(Self.mostHeld, number - minute)
    if isNewDay { (self.cost.used, self.cost.told, self.tokens.used, self.tokens.told) = (0, 0, 0, 0) }
    (self.day, minute) = (day, number)
    let minutes = Double(since)
    if let cost { self.cost.add(cost / 60 * minutes, minutes: minutes) }
    if let tokens {
      self.tokens.add(tokens, minutes: minutes)
    } else if let perMinute {
      self.tokens.add(perMinute * minutes, minutes: minutes)
    }
    return true
  }

  private static func plausible(_ value: Double?) -> Double? {
    value.flatMap { $0.isFinite && (0...greatest).contains($0) ? $0 : nil }
  }
}
