/// A hash or a set: fields in the order in which they came, each with a value.
struct Table: Equatable {
  private(set) var fields: [Bytes] = []
  private var values: [Name: Bytes] = [:]

  var count: Int { fields.count }

  subscript(field: Bytes) -> Bytes? {
    get { values[Name(field)] }
    set {
      let old = values.updateValue(newValue ?? [], forKey: Name(field))
      if newValue == nil {
        values[Name(field)] = nil
        if old != nil { fields.removeAll { $0 == field } }
      } else if old == nil {
        fields.append(field)
      }
    }
  }
}
