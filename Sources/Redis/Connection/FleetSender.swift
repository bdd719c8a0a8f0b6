import FleetModel
import Loop
import Wire

/// Sends commands to the shards that they are for: what waits for one shard's link waits alone.
///
/// A class, since the answers to requests find their way back to it.
package final class FleetSender {
  private let senders: [CommandSender]

  /// - Parameters:
  ///   - refused: told of each refusal; the command is still kept.
  ///   - reached: told how far a command has come, each time that is heard.
  package init(
    loop: Loop, feed: FleetFeed, refused: @escaping (Command, ServerError) -> Void = { _, _ in },
    reached: @escaping (Command, CommandLog.Delivery) -> Void = { _, _ in }
  ) {
    senders = feed.feeds.map {
      CommandSender(loop: loop, feed: $0, stream: $0.keys.commands, refused: refused, reached: reached)
    }
  }

  /// Whether every command was received, or has expired.
  package var isEmpty: Bool { senders.allSatisfy(\.isEmpty) }

  /// Sends a command now, or as soon as that is possible.
  ///
  /// - Returns: how far it has come.
  @discardableResult
  package func send(_ part: RoutedCommand) -> CommandLog.Delivery { senders[part.shard].send(part.command) }

  /// Hands it what a shard's feed tells: lines of the audit, and when its link is up again.
  package func take(_ notice: EventFeed.Update, ofShard shard: Int) { senders[shard].take(notice) }
}
