/// The ClickHouse that keeps what streams let go of.
package struct ArchiveSettings: Equatable, Sendable {
  /// Who asks it.
  package struct Account: Equatable, Sendable {
    package var user: String
    package var password: String

    package init(user: String = "default", password: String = "") { (self.user, self.password) = (user, password) }
  }

  /// Where its HTTP interface answers, without a query.
  package var url: String
  /// A plain identifier: it stands in statements as it is.
  package var database: String
  /// Writes rows, and makes and drops tables.
  package var writer: Account
  /// Only reads.
  package var reader: Account

  package init(url: String, database: String = "vigia", writer: Account = Account(), reader: Account? = nil) {
    (self.url, self.database, self.writer) = (url, database, writer)
    self.reader = reader ?? writer
  }
}
