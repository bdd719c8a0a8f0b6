import FleetModel

/// What an agent has used today, as the hash `agentos:budgets` holds it: agent → JSON. A role and the fleet have the same in
/// `agentos:budgets:groups`, under `role/<name>` and `fleet`.
///
/// ```json
/// {"from":29921760,"until":29923200,"minute":29922123,"role":"sales",
///  "cost":{"used":41.5,"rate":3.2,"told":1,"most":50},"tokens":{"used":812000,"rate":60000}}
/// ```
/// The day begins with the minute `from` and ends before `until`; minutes count from the epoch. What is 0 or not known is left
/// out. Older handlers wrote `day` in place of both: a day in UTC, counted from the epoch.
package enum SpendingCoding {
  package static func encode(_ spending: Spending) -> [UInt8] { json(spending).encoded }

  package static func json(_ spending: Spending) -> JSONValue {
    [
      "from": .integer(spending.day.from), "until": .integer(spending.day.until), "minute": .integer(spending.minute),
      "role": spending.role.isEmpty ? nil : .string(spending.role),
      "cost": json(spending.cost), "tokens": json(spending.tokens),
    ]
  }

  private static func json(_ use: Spending.Use) -> JSONValue? {
    guard use != Spending.Use() else { return nil }
    return [
      "used": .number(use.used), "rate": use.rate == 0 ? nil : .number(use.rate),
      "told": use.told == 0 ? nil : .integer(Int64(use.told)), "most": use.most.map { .number($0) },
    ]
  }

  /// Reads what ``encode(_:)`` wrote; nil for what is no such object.
  package static func decode(_ payload: [UInt8]) -> Spending? {
    guard let json = try? JSONValue.parse(payload), let day = day(json), let minute = json["minute"]?.int,
      minutes.contains(minute), let cost = use(json["cost"]), let tokens = use(json["tokens"])
    else { return nil }
    let role = json["role"]?.text?.clipped(toBytes: TextBound.word) ?? ""
    return Spending(day: day, minute: Int64(minute), role: role, cost: cost, tokens: tokens)
  }

  private static let minutes = 0...10_000_000_000
  /// No day is longer, in minutes: clocks are set by a day at the most.
  private static let longestDay = 2 * 1440

  private static func day(_ json: JSONValue) -> BudgetDay? {
    if let from = json["from"]?.int, let until = json["until"]?.int {
      guard minutes.contains(from), minutes.contains(until), (1...longestDay).contains(until - from) else { return nil }
      return BudgetDay(from: Int64(from), until: Int64(until))
    }
    guard let number = json["day"]?.int, (0...5_000_000).contains(number) else { return nil }
    return BudgetDay(utc: Int64(number))
  }

  private static func use(_ json: JSONValue?) -> Spending.Use? {
    guard let json else { return Spending.Use() }
    func number(_ key: String) -> Double? { json[key]?.double.flatMap { (0...1e15).contains($0) ? $0 : nil } }
    guard let used = number("used") else { return nil }
    let told = min(max(0, json["told"]?.int ?? 0), Budget.levels.count)
    return Spending.Use(used: used, rate: number("rate") ?? 0, told: told, most: number("most"))
  }
}
