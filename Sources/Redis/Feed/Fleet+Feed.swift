import FleetModel

extension Fleet {
  /// Takes what a feed tells of the fleet. What concerns only who shows it changes nothing.
  ///
  /// - Parameter shard: the shard that the feed follows: what it tells holds for that shard's agents alone.
  package mutating func take(_ notice: EventFeed.Update, ofShard shard: Int = 0) {
    switch notice {
    case .audit(let line): apply(line, ofShard: shard)
    case .recordsBegin: beginRecords(ofShard: shard)
    // What another shard's key says of an agent is not what its handler goes by.
    case .record(let agent, let record): if isOf(shard, agent) { setStoredRecord(record, of: agent) }
    case .stateTold: endRecords(ofShard: shard)
    case .alerts(let all, let judgedUpTo, let instant):
      setAlerts(all, judgedUpTo: judgedUpTo, at: instant, ofShard: shard)
    case .judged(let instant): noteJudged(upTo: instant, ofShard: shard)
    case .proposals(let all, let instant): setProposals(all, at: instant, ofShard: shard)
    case .undelivered(let moments, let start): setUndelivered(moments, before: start, ofShard: shard)
    case .queues(let report): setQueues(report)
    case .waiting(let book): setWaiting(book, ofShard: shard)
    case .maintenance(let windows): setMaintenance(windows, ofShard: shard)
    case .automation(let setting, let instant): setAutomation(setting, at: instant, ofShard: shard)
    case .insight(.begin): beginInsights(ofShard: shard)
    case .insight(.of(let agent, let insight)): if isOf(shard, agent) { setInsight(insight, of: agent) }
    case .insight(.told): endInsights(ofShard: shard)
    case .levels(let settings):
      setMetrics(settings.metrics)
      setLevels(settings.levels)
    case .handler(let lease): setHandler(isAlive: lease != nil, ofShard: shard)
    case .refused(.lease, _): setHandler(isAlive: false, ofShard: shard)
    case .refused(.alerts, _): setAlertsServed(false, ofShard: shard)
    case .served(.alerts): setAlertsServed(true, ofShard: shard)
    case .missed(let missed): applyGap(from: missed.gap.from, to: missed.gap.to, count: missed.gap.count)
    case .leap(let step): leap(by: step)
    case .link(let state): if division.count > 1 { setHeard(state == .up, ofShard: shard) }
    case .unreadable, .caughtUp, .refused, .served: break
    }
  }

  private func isOf(_ shard: Int, _ agent: AgentID) -> Bool { division.shard(of: agent) == shard }
}
