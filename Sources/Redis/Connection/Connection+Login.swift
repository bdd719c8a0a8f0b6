extension Connection {
  /// Puts the log-in before whatever was sent in the meantime.
  func logIn() {
    let greeting = endpoint.greeting
    let early = (output, pending)
    output = []
    pending = []
    for (index, request) in greeting.enumerated() {
      request.encode(into: &output)
      let isLast = index == greeting.count - 1
      pending.append(
        Pending(expectation: .tree) { [weak self] result in
          guard let self, case .success(let reply) = result else { return }
          if request.isCommand("HELLO") {
            if let fault = endpoint.fault(of: ServerRole(reply), needsPrimary: needsPrimary) { fail(fault) }
            return
          }
          // A user need not be allowed to give itself a name, nor to ping.
          if let error = reply.error, error.code != "NOPERM" || request.isCommand("SELECT") {
            fail(.refused(error))
          } else if isLast {
            onReady()
          }
        })
    }
    output += early.0
    pending += early.1
  }
}
