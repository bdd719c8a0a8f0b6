/// Which way of a metric is bad.
package enum BadSide: Sendable {
  case above, below
}
