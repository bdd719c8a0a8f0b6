import FleetModel

extension Fleet {
  /// Takes what a feed tells of the fleet. What concerns only who shows it changes nothing.
  package mutating func take(_ notice: EventFeed.Update) {
    switch notice {
    case .audit(let line): apply(line)
    case .recordsBegin: beginRecords()
    case .record(let agent, let record): setStoredRecord(record, of: agent)
    case .stateTold: endRecords()
    case .alerts(let all, let judgedUpTo, let instant): setAlerts(all, judgedUpTo: judgedUpTo, at: instant)
    case .judged(let instant): noteJudged(upTo: instant)
    case .proposals(let all, let instant): setProposals(all, at: instant)
    case .undelivered(let moments, let start): setUndelivered(moments, before: start)
    case .queues(let report): setQueues(report)
    case .automation(let setting, let instant): setAutomation(setting, at: instant)
    case .insight(.begin): beginInsights()
    case .insight(.of(let agent, let insight)): setInsight(insight, of: agent)
    case .insight(.told): endInsights()
    case .levels(let settings):
      setMetrics(settings.metrics)
      setLevels(settings.levels)
    case .handler(let lease): setHandler(isAlive: lease != nil)
    case .refused(.lease, _): setHandler(isAlive: false)
    case .refused(.alerts, _): setAlertsServed(false)
    case .served(.alerts): setAlertsServed(true)
    case .missed(let missed): applyGap(from: missed.gap.from, to: missed.gap.to, count: missed.gap.count)
    case .leap(let step): leap(by: step)
    case .unreadable, .caughtUp, .link, .refused, .served: break
    }
  }
}
