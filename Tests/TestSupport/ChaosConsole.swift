import FleetModel
import Redis
import Wire

/// What a console makes of everything that it reads: it must only survive it.
final class ChaosConsole {
  private var fleet = Fleet()
  private var feed: EventFeed?

  init(_ server: TestServer) {
    feed = EventFeed(loop: server.loop, endpoint: server.endpoint, options: EventFeed.Options()) {
      [unowned self] event, _ in
      fleet.advance(to: event.receivedAt)
      _ = fleet.apply(event)
    } notice: { [unowned self] in
      take($0)
    }
    feed?.start()
  }

  deinit { feed?.stop() }

  private func take(_ notice: EventFeed.Update) {
    fleet.take(notice)
  }
}
