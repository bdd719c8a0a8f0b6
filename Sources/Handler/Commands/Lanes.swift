import Execution
import FleetModel

/// Keeps order where it matters: work that shares a lane runs one after the other, in the order in which it came;
/// other work runs side by side.
struct Lanes {
  /// What only one piece of work at a time may touch.
  enum Lane: Hashable {
    case agent(AgentID)
    /// A command's end: what takes it back waits for that.
    case command(CommandID)
    /// A block of the address for the whole fleet.
    case address(IPAddress)
    /// What is told by a channel.
    case channel(String)
    /// The switch of automation, and the answers to proposals, which go by it.
    case automation
  }

  private struct Item {
    var lanes: [Lane]
    var waitsFor: Int
    var followers: [Int] = []
  }

  private var items: [Int: Item] = [:]
  /// The latest item on each lane that is still there.
  private var last: [Lane: Int] = [:]
  private var nextNumber = 0

  init() {}

  var count: Int { items.count }

  /// Enters a piece of work; gives its number, and whether it may run now.
  mutating func enter(_ lanes: [Lane]) -> (number: Int, isReady: Bool) {
    let number = nextNumber
    nextNumber += 1
    let before = Set(lanes.compactMap { last[$0] })
    for lane in lanes { last[lane] = number }
    items[number] = Item(lanes: lanes, waitsFor: before.count)
    for other in before { items[other]?.followers.append(number) }
    return (number, before.isEmpty)
  }

  /// Takes out work that is done; gives what may run now.
  mutating func leave(_ number: Int) -> [Int] {
    guard let item = items.removeValue(forKey: number) else { return [] }
    for lane in item.lanes where last[lane] == number { last[lane] = nil }
    var ready: [Int] = []
    for follower in item.followers {
      items[follower]?.waitsFor -= 1
      if items[follower]?.waitsFor == 0 { ready.append(follower) }
    }
    return ready
  }
}

extension Lanes.Lane {
  /// What work on it is about.
  var words: String {
    switch self {
    case .agent(let agent): agent == .none ? "the same" : "\(agent)"
    case .command(let id): "command \(id)"
    case .address(let address): "\(address)"
    case .channel(let name): "channel \(name)"
    case .automation: "the switch of automation"
    }
  }
}

extension Instruction {
  /// The lane in which it acts on a target. What is no agent's needs order only with its like.
  func lane(of target: AgentID) -> Lanes.Lane {
    guard target == .none else { return .agent(target) }
    return switch self {
    case .block(let address, _), .unblock(let address): .address(address)
    case .notify(let channel, _): .channel(channel)
    case .automation, .approve, .reject: .automation
    case .undo(let id): .command(id)
    case .pause, .resume, .restart, .scale, .rateLimit, .activateBackup, .deactivateBackup, .escalate, .acknowledge,
      .unacknowledge, .acknowledgeQueue, .unacknowledgeQueue, .silence, .unsilence, .close, .rebalance, .transfer,
      .offerCoupon, .tune, .rollback, .schedule, .cancel, .take, .handBack, .closeConversation, .drain,
      .planMaintenance,
      .cancelMaintenance:
      .agent(target)
    }
  }
}

extension Job {
  var lane: Lanes.Lane {
    if case .unblock(let address) = kind, target == .none { return .address(address) }
    return .agent(target)
  }
}
