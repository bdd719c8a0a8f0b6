import FleetModel
import Testing

@Suite struct ActionParameterTests {
  @Test(arguments: [
    (ActionParameter.Kind.duration, "soon", "p=soon is not a number and s, m, h or d, such as 15m"),
    (.duration, "", "p= is not a number and s, m, h or d, such as 15m"),
    (.count, "-1", "p=-1 is not a whole number from 0"),
    (.count, "1.5", "p=1.5 is not a whole number from 0"),
    (.signedCount, "more", "p=more is not a whole number such as +1 or -2"),
    (.decimal, "-0.5", "p=-0.5 is not a number from 0"), (.decimal, "inf", "p=inf is not a number from 0"),
    (.decimal, "nan", "p=nan is not a number from 0"), (.address, "10.0.0", "p=10.0.0 is not an IPv4 or IPv6 address"),
    (.severity, "highest", "p=highest is not low, medium, high or critical"), (.agent, "", "p= is not some text"),
    (.text, "", "p= is not some text"),
  ])
  func faultNamesWhatIsExpected(kind: ActionParameter.Kind, text: String, fault: String) {
    #expect(ActionParameter("p", kind).fault(of: text) == fault)
  }

  @Test(arguments: [
    (ActionParameter.Kind.duration, "15m"), (.count, "0"), (.count, "12"), (.signedCount, "+1"), (.signedCount, "-2"),
    (.decimal, "0.5"), (.decimal, "2"), (.address, "::1"), (.address, "10.0.0.1"), (.severity, "critical"),
    (.agent, "a"), (.text, " "),
  ])
  func textOfTheKindHasNoFault(kind: ActionParameter.Kind, text: String) {
    #expect(ActionParameter("p", kind).fault(of: text) == nil)
  }

  @Test(arguments: Action.allCases)
  func defaultsHaveNoFault(action: Action) {
    for parameter in action.parameters {
      #expect(parameter.defaultText.flatMap { parameter.fault(of: $0) } == nil)
    }
  }

  @Test func actionsGoByTheirWireNames() {
    #expect(Action(rawValue: "rate_limit") == .rateLimit)
    #expect(Action(rawValue: "ack") == .acknowledge)
    #expect(Action(rawValue: "dance") == nil)
  }
}
