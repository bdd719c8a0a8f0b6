extension Endpoint {
  /// What a new connection says before anything else: who it is, and which database it wants.
  var greeting: [Request] {
    var requests: [Request] = []
    if let password {
      requests.append(user.map { Request("AUTH", $0, password) } ?? Request("AUTH", password))
    }
    if database != 0 { requests.append(Request("SELECT", database)) }
    requests.append(Request("CLIENT", "SETNAME", "vigia"))
    // What it is: a replica and a node of a cluster log in like any other.
    requests.append(Request("HELLO"))
    // A server that loads its data, or a replica that has lost its master, answers all of the above, but not this.
    requests.append(Request("PING"))
    return requests
  }
}
