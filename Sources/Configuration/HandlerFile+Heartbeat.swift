import FleetModel

/// The service that the leader pings while it acts and reads in time, as the file names it:
///
/// ```toml
/// [heartbeat]
/// url = "https://hc-ping.com/1f0e…"     # or url_env, url_file
/// every = "1m"                          # 10s to 1h
/// ```
extension NotifyReader {
  mutating func heartbeat(_ section: FileSection) throws(ConfigurationError) -> HandlerSettings.Heartbeat {
    try section.allow(["url", "url_env", "url_file", "every"], in: "heartbeat")
    var heartbeat = HandlerSettings.Heartbeat(url: try url(section, mayBeLiteral: true))
    // Whoever knows the address can keep the service quiet.
    keepSecret(heartbeat.url)
    guard let span = try section.span("every", atMost: .hours(1)) else { return heartbeat }
    guard span >= .seconds(10) else { throw section.fault("every", expected: "a span from 10s to 1h") }
    heartbeat.span = span
    return heartbeat
  }
}
