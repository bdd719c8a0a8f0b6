/// Who takes a conversation.
extension RoutedRole {
  mutating func choose() -> Int {
    switch routing {
    case .roundRobin:
      next = (next + 1) % agents.count
      return next
    case .byRoom: return weighted { Double($0.capacity) }
    case .shares: return weighted { $0.share }
    case .leastTold: return least { role, agent in role.heard(agent) }
    case .leastToldForRoom: return least { role, agent in role.heard(agent) / Double(role.agents[agent].capacity) }
    case .leastCounted: return least { role, agent in Double(role.agents[agent].present) }
    case .leastCountedForRoom:
      return least { role, agent in Double(role.agents[agent].present + 1) / Double(role.agents[agent].capacity) }
    case .leastCountedForShare:
      return least { role, agent in Double(role.agents[agent].present + 1) / role.agents[agent].share }
    }
  }

  private func heard(_ agent: Int) -> Double { told[agent].map { $0.open + $0.waiting } ?? 0 }

  /// Smooth weighted round robin, as nginx has it: who has saved most is next.
  private mutating func weighted(_ weight: (RoutedAgent) -> Double) -> Int {
    var sum = 0.0
    for index in agents.indices {
      let weight = weight(agents[index])
      agents[index].credit += weight
      sum += weight
    }
    var best = 0
    for index in agents.indices where agents[index].credit > agents[best].credit { best = index }
    agents[best].credit -= sum
    return best
  }

  /// Of several with the least, one by chance.
  private mutating func least(_ measure: (RoutedRole, Int) -> Double) -> Int {
    var best: [Int] = []
    var least = Double.infinity
    for index in agents.indices {
      let value = measure(self, index)
      if value < least { (best, least) = ([index], value) } else if value == least { best.append(index) }
    }
    return best[Int(choices.unit() * Double(best.count))]
  }
}
