extension Fleet {
  /// Takes what the handler says of the queues of other services; nil if it looks at none.
  package mutating func setQueues(_ report: QueueReport?) {
    guard report != queues else { return }
    queues = report
    revision += 1
  }
}
