extension Fleet {
  /// Takes the windows of maintenance of one shard's agents.
  package mutating func setMaintenance(_ windows: [MaintenanceWindow], ofShard shard: Int = 0) {
    var all = maintenance.filter { division.shard(of: $0.key) != shard }
    for window in windows where division.shard(of: window.agent) == shard { all[window.agent] = window }
    guard all != maintenance else { return }
    maintenance = all
    revision += 1
  }
}
