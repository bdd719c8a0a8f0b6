/// The scripts around the lease. KEYS of each: the lease, the fence.
///
/// Whoever holds the present fence is the owner: it goes up at each takeover and never down.
enum LeaseScripts {
  /// ARGV: the fence to take, the lease, its milliseconds, the lease as the caller wrote it last ("" for none), and the
  /// lease that says that the fence cannot be used.
  ///
  /// Answers {1, 0} taken, {1, 1} taken where the fence held no number; {0, milliseconds left, fence} held by another, with
  /// the stored fence if it is a number; {-1, fence} the fence is not above the stored one; {-2, 0} the stored one is beyond
  /// the whole numbers that Lua has.
  static let take = """
    local held = redis.call('GET', KEYS[1])
    local stored = redis.call('GET', KEYS[2])
    local digits = stored and stored:match('^0*(%d+)$')
    local isBeyond = digits and (#digits > 16 or (#digits == 16 and digits > '9007199254740990'))
    if held and held ~= ARGV[4] then
      local left = redis.call('PTTL', KEYS[1])
      -- Longer than any lease: the server's clock was stepped back, and whoever lives renews it.
      if left < 0 or left > tonumber(ARGV[3]) then
        left = tonumber(ARGV[3])
        redis.call('PEXPIRE', KEYS[1], left)
      end
      return {0, left, digits and not isBeyond and tonumber(digits) or 0}
    end
    if isBeyond then
      redis.call('SET', KEYS[1], ARGV[5], 'PX', ARGV[3])
      return {-2, 0}
    end
    if digits and tonumber(digits) >= tonumber(ARGV[1]) then return {-1, tonumber(digits)} end
    redis.call('SET', KEYS[2], ARGV[1])
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return {1, (digits or not stored) and 0 or 1}
    """

  /// ARGV: the owner's fence, the lease, its milliseconds. Answers the server's time, as TIME does.
  static let renew = """
    local stored = redis.call('GET', KEYS[2])
    if stored ~= ARGV[1] then return redis.error_reply('FENCED ' .. (stored or 'no fence')) end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return redis.call('TIME')
    """

  /// ARGV: the owner's fence, a channel, and what to say there, so that others need not wait for their next look.
  /// Answers how many leases it ended.
  static let release = """
    if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
    local ended = redis.call('DEL', KEYS[1])
    redis.call('PUBLISH', ARGV[2], ARGV[3])
    return ended
    """
}
