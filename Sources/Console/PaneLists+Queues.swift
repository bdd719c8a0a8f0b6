import FleetModel

/// The rows of queues: the worst first, unless the operator's hands are on the keys.
extension PaneLists {
  mutating func followQueues(_ report: QueueReport?, isHeld: Bool) {
    guard let report else {
      if followedQueues != nil { setRows([], of: .queues) }
      followedQueues = nil
      return
    }
    guard followedQueues?.at != report.at || followedQueues?.isInOrder == false && !isHeld else { return }
    let inOrder = report.worstFirst.map(\.row)
    guard isHeld, followedQueues != nil else {
      followedQueues = (report.at, true)
      return setRows(inOrder, of: .queues)
    }
    let (present, known) = (Set(inOrder), Set(self[.queues]))
    setRows(self[.queues].filter { present.contains($0) } + inOrder.filter { !known.contains($0) }, of: .queues)
    followedQueues = (report.at, self[.queues] == inOrder)
  }
}

extension QueueStanding {
  var row: RowID { .queue(stream: stream, group: group) }
}
