import FleetModel

/// The rows of conversations that wait for a person: the longest wait first, unless the operator's hands are on the keys.
extension PaneLists {
  mutating func followWaiting(_ fleet: Fleet, isHeld: Bool) {
    guard let book = fleet.waiting else {
      if followedWaiting != nil { setRows([], of: .waiting) }
      followedWaiting = nil
      return
    }
    let revision = fleet.waitingRevision
    guard followedWaiting?.revision != revision || followedWaiting?.isInOrder == false && !isHeld else { return }
    let inOrder = book.longestFirst.map { RowID.conversation($0.id) }
    guard isHeld, followedWaiting != nil else {
      followedWaiting = (revision, true)
      return setRows(inOrder, of: .waiting)
    }
    let (present, known) = (Set(inOrder), Set(self[.waiting]))
    setRows(self[.waiting].filter { present.contains($0) } + inOrder.filter { !known.contains($0) }, of: .waiting)
    followedWaiting = (revision, self[.waiting] == inOrder)
  }
}
