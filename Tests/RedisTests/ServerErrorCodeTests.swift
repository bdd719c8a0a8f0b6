import Redis
import Testing

/// What kind of error an answer is, as Redis 6.2.5, 7.0.15 and 8.2.3 write it.
@Suite struct ServerErrorCodeTests {
  @Test(arguments: [
    ("READONLY You can't write against a read only replica.", "READONLY"),
    (
      "READONLY You can't write against a read only replica. script: db8d8f6383e1a67ce23db65efd679a334c123806, on "
        + "@user_script:1.", "READONLY"
    ),
    (
      "ERR Error running script (call to f_db8d8f6383e1a67ce23db65efd679a334c123806): @user_script:1: @user_script: 1: "
        + "-READONLY You can't write against a read only replica.", "READONLY"
    ),
    ("@user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.", "OOM"),
    (
      "ERR Error running script (call to f_8618bc55f51753b59e5542e11002556ec7d80ee0): @user_script:1: @user_script: 1: "
        + "Lua script attempted to access a non local key in a cluster node", "CROSSSLOT"
    ),
    (
      "ERR Script attempted to access a non local key in a cluster node script: 8618bc55, on @user_script:1.",
      "CROSSSLOT"
    ),
    ("ERR The user executing the script can't run this command or subcommand script: a, on @user_script:1.", "NOPERM"),
    ("ERR ACL failure in script. The user has no permissions", "NOPERM"),
    ("ERR value is not an integer or out of range", "ERR"), ("ERR @user_script: 1: -", "ERR"),
    ("ERR @user_script: 1: -Readonly x", "ERR"), ("", ""), ("@", "@"),
  ])
  func codeIsTheOneOutsideOfScripts(_ text: String, _ code: String) {
    #expect(ServerError(text).code == code)
  }

  @Test func decisionsOutlastAWrongServer() {
    for code in [
      "MOVED 1 a:1", "ASK 1 a:1", "TRYAGAIN", "CLUSTERDOWN", "CROSSSLOT", "READONLY", "UNBLOCKED", "LOADING",
    ] {
      #expect(ServerError(code).isPassing, "\(code)")
    }
    #expect(!ServerError("WRONGTYPE x").isPassing && !ServerError("ERR x").isPassing)
  }

  @Test func wrongServerIsToldFromARefusal() {
    for text in [
      "MOVED 1 a:1", "CLUSTERDOWN Hash slot not served", "CROSSSLOT x",
      "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
    ] {
      #expect(ServerError(text).isOfWrongServer, "\(text)")
    }
    for text in ["READONLY x", "ASK 1 a:1", "UNBLOCKED the stream key no longer exists", "NOPERM x", "LOADING x"] {
      #expect(!ServerError(text).isOfWrongServer, "\(text)")
    }
  }
}
