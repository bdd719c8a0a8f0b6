/// A hash or a set: fields in the order in which they came, each with a value.
struct Table: Equatable {
  private(set) var fields: [Bytes] = []
  private var values: [Bytes: Bytes] = [:]

  var count: Int { fields.count }

  subscript(field: Bytes) -> Bytes? {
    get { values[field] }
    set {
      let old = values.updateValue(newValue ?? [], forKey: field)
      if newValue == nil {
        values[field] = nil
        if old != nil { fields.removeAll { $0 == field } }
      } else if old == nil {
        fields.append(field)
      }
    }
  }
}
