import Redis
import Wire

/// What a handler's part for one shard tells the others.
enum ShardNotice {
  /// It is connected to the server that has the shard's keys.
  case up(Connection)
  /// It leads, or could lead, or not any more.
  case changed
  /// Another handler gave the shard's lease back.
  case released
}

/// One shard of a divided fleet.
extension HandlerService {
  /// Whether it leads, or could take the lease if that fell to it.
  var isAble: Bool {
    isActive || (isCandidate && main.connection != nil && election.obstacle == nil && misfit == nil && !isStopping)
  }

  /// Says whether the lease falls to this handler.
  func admit(_ isAdmitted: Bool) { election.take(.admission(isAdmitted)) }

  /// Writes into how many shards the fleet is divided, so that no handler with another number leads this one.
  func noteShards(_ session: LeaseSession) {
    guard let shards = options.shards else { return }
    var transaction = Transaction()
    transaction.change("HSET", keys.cursor, Keys.shardsField, shards.count)
    session.run(transaction) { [log] outcome in
      if case .failed(let error) = outcome { log(.error, "cannot note the shards", ["error": error.text]) }
    }
  }
}
