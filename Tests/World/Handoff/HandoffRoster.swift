import FleetModel

/// What agents have said of themselves, as far as it decides who may be asked: handlers hear of it a little later.
struct HandoffRoster {
  struct Member: Equatable {
    var skills: [String]
    var languages: [String]
    var capacity: Int
  }

  private struct Standing {
    var open = 0
    var runs = true
    var isGone = false
    /// Whether who leads now has heard of its room.
    var knowsRoom = true
    /// When it last ran, and when it last had room, in nanoseconds of the world.
    var ranAt: Int64 = 0
    var hadRoomAt: Int64 = 0
  }

  private let members: [AgentID: Member]
  private var standings: [AgentID: Standing] = [:]
  /// By then handlers know what was said, in nanoseconds.
  private let lag: Int64

  /// - Parameter lag: in milliseconds.
  init(_ members: [AgentID: Member], lag: Int64) { (self.members, self.lag) = (members, lag * 1_000_000) }

  mutating func told(_ agent: AgentID, runs: Bool, open: Int?) {
    standings[agent, default: Standing()].runs = runs
    guard let open else { return }
    standings[agent, default: Standing()].open = open
    standings[agent, default: Standing()].knowsRoom = true
  }

  /// Another handler leads: until agents tell again it does not know how much room they have.
  mutating func forgetRooms() {
    for agent in standings.keys { standings[agent]?.knowsRoom = false }
  }

  mutating func left(_ agent: AgentID) { standings[agent, default: Standing()].isGone = true }

  /// Something is said under its name: whoever hears that takes it for an agent that is there, and knows nothing of it.
  mutating func heard(_ agent: AgentID) {
    guard standings[agent]?.isGone == true else { return }
    standings[agent] = Standing(knowsRoom: false)
  }

  mutating func resumed(_ agent: AgentID) { standings[agent, default: Standing()].runs = true }

  /// Lets time pass.
  ///
  /// - Parameter asked: how many conversations each agent is asked to take.
  mutating func look(at now: Int64, asked: [AgentID: Int]) {
    for (agent, member) in members {
      guard var standing = standings[agent] else { continue }
      if standing.runs, !standing.isGone { standing.ranAt = now }
      if !standing.knowsRoom || standing.open + (asked[agent] ?? 0) < member.capacity { standing.hadRoomAt = now }
      standings[agent] = standing
    }
  }

  /// Why an agent may not be asked; nil if it may.
  func fault(of agent: AgentID, for handoff: Handoff, at now: Int64) -> String? {
    guard let member = members[agent] else { return "nobody knows \(agent)" }
    guard handoff.skill.isEmpty || member.skills.contains(handoff.skill) else { return "\(agent) has not the skill" }
    guard handoff.language.isEmpty || member.languages.contains(handoff.language) else {
      return "\(agent) does not speak the language"
    }
    guard let standing = standings[agent] else { return "\(agent) has said nothing of itself" }
    guard now - standing.ranAt <= lag else { return "\(agent) does not run" }
    return now - standing.hadRoomAt <= lag ? nil : "\(agent) has no room"
  }
}
