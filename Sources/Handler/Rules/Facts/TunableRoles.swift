import FleetModel

/// Who lets parameters be set, by role: kept as agents say what they are, so that whoever sets them looks through no
/// fleet.
struct TunableRoles {
  private struct Place {
    var role: ExactText
    /// Among those of its role.
    var index: Int
  }

  /// Positions of agents, in no order.
  private var members: [ExactText: [Int]] = [:]
  private var places: [Int: Place] = [:]
  /// The roles in which there are some, each at its index. The last takes the place of one that leaves.
  private(set) var roles: [ExactText] = []
  private var indices: [ExactText: Int] = [:]

  var isEmpty: Bool { places.isEmpty }

  /// Positions of those of a role, in no order.
  func members(of role: ExactText) -> [Int] { members[role] ?? [] }

  /// Takes an agent that lets parameters be set; it stands nowhere else.
  mutating func add(_ position: Int, _ role: ExactText) {
    remove(position)
    if members[role] == nil {
      indices[role] = roles.count
      roles.append(role)
    }
    places[position] = Place(role: role, index: members[role]?.count ?? 0)
    members[role, default: []].append(position)
  }

  mutating func remove(_ position: Int) {
    guard !places.isEmpty, let place = places.removeValue(forKey: position),
      let last = members[place.role]?.last
    else { return }
    members[place.role]?[place.index] = last
    members[place.role]?.removeLast()
    if last != position { places[last]?.index = place.index }
    if members[place.role]?.isEmpty == true { remove(place.role) }
  }

  private mutating func remove(_ role: ExactText) {
    members[role] = nil
    guard let index = indices.removeValue(forKey: role), let last = roles.last else { return }
    roles[index] = last
    roles.removeLast()
    if last != role { indices[last] = index }
  }
}
