import FleetModel
import HTTP
import Loop
import Redis
import Wire

/// Archives what streams let go of, while its handler leads: events with what handlers found, and the audit. It has a
/// connection of its own, so that nothing waits behind it.
///
/// Off unless settings name a server: then it has no connection, no timer, and reads no key.
final class Archiver {
  private let session: LeaseSession
  private let endpoint: Endpoint
  private let client: any HTTPSender
  private let warn: (String?) -> Void
  private var link: Link?
  private var service: ArchiveService?
  private(set) var streams: [StreamArchiver] = []
  /// What each stream has to say to those at consoles.
  private var warnings: [[UInt8]: String] = [:]

  init(session: LeaseSession, endpoint: Endpoint, client: any HTTPSender, warn: @escaping (String?) -> Void) {
    (self.session, self.endpoint, self.client, self.warn) = (session, endpoint, client, warn)
  }

  func start() { apply() }

  /// Goes on with the settings of the moment.
  func apply() {
    guard session.options.archive != service?.settings else { return }
    stop()
    guard let settings = session.options.archive else { return warn(nil) }
    let link = Link(loop: session.loop, endpoint: endpoint) { _ in }
    let log = session.log
    let service = ArchiveService(settings, ArchiveClient(client) { log.redaction })
    (self.link, self.service) = (link, service)
    link.start()
    let keys = session.keys
    for (table, stream) in [(ArchiveTable.events, keys.events), (.audit, keys.audit)] {
      let archiver = StreamArchiver(
        table, stream, session: session, service: service, connection: { [weak link] in link?.connection }
      ) { [weak self] in
        self?.note($0, of: stream)
      }
      streams.append(archiver)
      archiver.start()
    }
  }

  func stop() {
    for stream in streams { stream.stop() }
    service?.stop()
    link?.stop()
    (streams, service, link, warnings) = ([], nil, nil, [:])
  }

  /// The first entry of a stream that trimming by age must spare; nil if it need spare none.
  func spared(_ stream: [UInt8]) -> StreamID? { streams.first { $0.stream == stream }?.spared }

  private func note(_ words: String?, of stream: [UInt8]) {
    guard warnings[stream] != words else { return }
    warnings[stream] = words
    warn(warnings.values.min())
  }
}
