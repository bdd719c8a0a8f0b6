/// A binary heap: the least element is at hand, and adding or taking one costs the logarithm of their number.
package struct Heap<Element: Comparable> {
  package private(set) var elements: [Element] = []

  package init(_ elements: [Element] = []) {
    self.elements = elements
    for place in stride(from: elements.count / 2 - 1, through: 0, by: -1) { sink(place) }
  }

  package var count: Int { elements.count }
  package var least: Element? { elements.first }

  package mutating func insert(_ element: Element) {
    elements.append(element)
    rise(elements.count - 1)
  }

  @discardableResult
  package mutating func removeLeast() -> Element? {
    guard let last = elements.popLast() else { return nil }
    guard let least = elements.first else { return last }
    elements[0] = last
    sink(0)
    return least
  }

  private mutating func rise(_ start: Int) {
    var place = start
    while place > 0 {
      let parent = (place - 1) / 2
      guard elements[place] < elements[parent] else { return }
      elements.swapAt(place, parent)
      place = parent
    }
  }

  private mutating func sink(_ start: Int) {
    var place = start
    while true {
      let (left, right) = (2 * place + 1, 2 * place + 2)
      var least = place
      if left < elements.count, elements[left] < elements[least] { least = left }
      if right < elements.count, elements[right] < elements[least] { least = right }
      guard least != place else { return }
      elements.swapAt(place, least)
      place = least
    }
  }
}

extension Heap: Sendable where Element: Sendable {}
