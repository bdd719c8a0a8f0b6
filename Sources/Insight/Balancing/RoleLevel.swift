/// What a role as a whole has to do at a look.
struct RoleLevel: Sendable {
  /// Open and waiting conversations for each share of 1, as late as shares show.
  let open: Double
  /// Open and waiting of the room, smoothed.
  let busy: Double
  /// The middle response time of its agents, in milliseconds; nil if none tells.
  let responseTime: Double?
}
