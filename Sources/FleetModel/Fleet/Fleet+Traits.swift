/// What groups agents, such as their model and version: any event may say it.
extension Fleet {
  /// More changes are not kept for whoever takes them.
  private static let mostTraitChanges = 1000

  /// The traits that have changed since the last call, in their order.
  package mutating func takeTraitChanges() -> [TraitChange] {
    defer { traitChanges.removeAll(keepingCapacity: true) }
    return traitChanges
  }

  /// Whether `takeTraitChanges` would give any.
  package var hasTraitChanges: Bool { !traitChanges.isEmpty }

  /// Takes the traits that an event says. Services say the same ones again and again: only one that is new becomes a
  /// `String`.
  mutating func applyTraits(_ event: borrowing Event, at position: Int) {
    // One that comes late says only what nobody has said since.
    let isLate = event.receivedAt < agents.activity[position].lastEventAt
    var isChanged = false
    for trait in Trait.allCases where !says(event, trait, alreadyAt: position) {
      guard let new = word(event, trait), let old = agents.profiles[position]?.traits[trait],
        !new.isExactly(old), !isLate || old.isEmpty
      else { continue }
      agents.profiles[position]?.traits[trait] = new
      agents.textBytes += new.utf8.count - old.utf8.count
      traits.replace(trait, old, by: new)
      note(trait, old, new, at: position, event.receivedAt)
      isChanged = true
    }
    guard isChanged else { return }
    describe(position)
    findLevels(ofAgentAt: position)
  }

  /// A trait as an event says it; nil if it is no word or number.
  private func word(_ event: borrowing Event, _ trait: Trait) -> String? {
    let text = event.fields.text(trait.field)
    if text.form == .json, let first = event.raw(text)?.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    {
      return nil
    }
    return event.string(trait.field)
  }

  private mutating func note(_ trait: Trait, _ old: String, _ new: String, at position: Int, _ instant: Instant) {
    guard changes.isKept, traitChanges.count < Self.mostTraitChanges, let id = agents.id(at: position) else { return }
    traitChanges.append(TraitChange(agent: id, trait: trait, old: old, new: new, at: instant))
  }

  /// Whether an event says nothing of a trait that is not known, told without a copy of either.
  private func says(_ event: borrowing Event, _ trait: Trait, alreadyAt position: Int) -> Bool {
    let text = event.fields.text(trait.field)
    guard text.isPresent else { return true }
    guard text.form == .plain, let raw = event.raw(text) else { return false }
    return agents.profiles.withUnsafeBufferPointer { profiles in
      profiles[position]?.traits[trait].utf8.withContiguousStorageIfAvailable { $0.elementsEqual(raw) } ?? false
    }
  }
}
