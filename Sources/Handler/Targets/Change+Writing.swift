import Execution
import FleetModel
import Redis
import Wire

extension Change {
  /// Writes the change into a transaction.
  ///
  /// - Returns: the record as it then stands; nil if the change leaves it.
  func write(
    to transaction: inout Transaction, target: AgentID, version: Int, origin: String, author: String, now: Instant,
    keys: Keys,
    tellsRuntime: Bool = true
  ) -> AgentRecord? {
    var written: AgentRecord?
    let tuning = setting.map {
      AgentTuning(parameter: $0.parameter, value: $0.value, by: author, at: now, command: CommandID(origin))
    }
    if var record = after {
      record.version = version + 1
      record.updatedAt = now
      record.updatedBy = author
      let fields = AgentRecordCoding.fields(record).flatMap { [Array($0.name.utf8), $0.value] }
      transaction.change("HSET", keys.agent(target), all: fields)
      if let tuning { record.set(tuning) }
      written = record
    }
    for scheduledJob in scheduledJobs {
      let member = scheduledJob.job.encoded
      if let due = scheduledJob.due {
        transaction.change("ZADD", keys.schedule, due, member)
      } else {
        transaction.change("ZREM", keys.schedule, member)
      }
    }
    if let alert {
      if alert.isClosed {
        transaction.change("HDEL", keys.alerts, alert.id.bytes)
      } else {
        transaction.change("HSET", keys.alerts, alert.id.bytes, AlertCoding.encode(alert))
      }
      transaction.noteAlerts(keys)
    }
    if let queueHand {
      if let hand = queueHand.hand {
        transaction.change("HSET", keys.queueHands, queueHand.id.text, QueueCoding.encode(hand))
      } else {
        transaction.change("HDEL", keys.queueHands, queueHand.id.text)
      }
    }
    if let conversation {
      if let kept = conversation.kept {
        transaction.change("HSET", keys.waiting, conversation.id.text, WaitingCoding.encode(kept))
      } else {
        transaction.change("HDEL", keys.waiting, conversation.id.text)
      }
      transaction.noteWaiting(keys)
      let isHandedBack = control?.verb == .action(.handBack)
      transaction.note(conversation.kept != nil ? .taken : isHandedBack ? .handedBack : .ended)
    }
    if let window {
      if let kept = window.kept {
        transaction.change("HSET", keys.maintenance, window.agent.bytes, MaintenanceCoding.encode(kept))
      } else {
        transaction.change("HDEL", keys.maintenance, window.agent.bytes)
      }
      transaction.noteMaintenance(keys)
      if declinesForecast {
        transaction.change("SET", keys.maintained(window.agent), "declined", "PX", MaintenanceWindow.rest.milliseconds)
      }
    }
    if let block {
      if let until = block.until {
        transaction.change("ZADD", keys.blocked, until, block.address.description)
      } else {
        transaction.change("ZREM", keys.blocked, block.address.description)
      }
    }
    if let tuning {
      let field = AgentTuningCoding.valueField(of: tuning.parameter)
      if let value = tuning.value {
        transaction.change("HSET", keys.agent(target), field, value)
      } else {
        transaction.change("HDEL", keys.agent(target), field)
      }
      transaction.change(
        "HSET", keys.agent(target), AgentTuningCoding.authorField(of: tuning.parameter),
        AgentTuningCoding.author(of: tuning))
    }
    if let proposal {
      transaction.change("HDEL", keys.proposals, proposal.id.text)
      // One that is approved holds its rule back until it begins.
      if proposal.state == .declined { RuleState.end(proposal, keys, in: &transaction) }
    }
    writeStandIn(to: &transaction, target, keys)
    if control?.verb == .action(.restart) { transaction.change("HSET", keys.agent(target), Self.restartField, origin) }
    if let automation { transaction.change("SET", keys.automation, automation) }
    if let report { transaction.add(to: keys.reports, report) }
    if let control, tellsRuntime {
      let message = ControlMessage(
        agent: target, verb: control.verb, arguments: control.arguments, commandID: CommandID(origin),
        until: control.until)
      let payload = ControlCoding.encode(message)
      transaction.add(to: keys.control, payload)
      transaction.publish(keys.controlChannel(control.verb), payload)
    }
    return written
  }

  /// Who stands in for whom, so that rules leave a backup alone that is needed.
  private func writeStandIn(to transaction: inout Transaction, _ target: AgentID, _ keys: Keys) {
    guard let standIn else { return }
    // One agent may stand in for several: each of them is one of its set.
    if let backup = standIn.before, backup != standIn.after {
      transaction.change("SREM", keys.standIns(of: backup), target.bytes)
    }
    if let backup = standIn.after { transaction.change("SADD", keys.standIns(of: backup), target.bytes) }
  }
}
