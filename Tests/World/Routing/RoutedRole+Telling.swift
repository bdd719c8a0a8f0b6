import Glibc

/// What is heard of the agents.
extension RoutedRole {
  mutating func tell() {
    agenda.add(now + Self.tells, .tell)
    for agent in agents.indices {
      var told = Told(at: now)
      told.open = noisy(Double(agents[agent].open))
      told.waiting = noisy(Double(agents[agent].queue.count))
      let minute = agents[agent].minute
      told.health = min(1, noisy(health(minute)))
      if minute.answered > 0 { told.responseTime = noisy(1000 * minute.answers / minute.answered) }
      // What is told is of the last minutes, the older the less.
      agents[agent].minute = minute.faded(0.95)
      let delay = noise.delay.lowerBound + (noise.delay.upperBound - noise.delay.lowerBound) * noises.unit()
      agenda.add(now + delay, .hear(agent: agent, told))
    }
  }

  private func health(_ minute: RoutedAgent.Tally) -> Double {
    let failing = minute.failed / max(1, minute.ended)
    let answer = minute.answered > 0 ? minute.answers / minute.answered / Self.answer : 1
    return (1 - min(1, 2 * failing)) * (1 - min(1, max(0, (answer - 1.5) / 3.5)))
  }

  private mutating func noisy(_ value: Double) -> Double {
    let (one, other) = (1 - noises.unit(), noises.unit())
    return max(0, value * (1 + noise.deviation * (-2 * log(one)).squareRoot() * cos(2 * .pi * other)))
  }

  mutating func hear(_ agent: Int, _ news: Told) {
    if told[agent].map({ $0.at < news.at }) ?? true { told[agent] = news }
  }
}
