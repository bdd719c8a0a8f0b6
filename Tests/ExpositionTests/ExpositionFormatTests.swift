import Testing

@testable import Exposition

@Suite struct ExpositionFormatTests {
  @Test(
    arguments: [
      ("", ExpositionFormat.text),
      ("*/*", .text),
      ("text/plain", .text),
      ("application/openmetrics-text", .openMetrics),
      ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
      ("application/openmetrics-text;version=\"0.0.1\"", .openMetrics),
      // What Prometheus 2.42 sends.
      (
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
          + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .openMetrics
      ),
      ("application/openmetrics-text;version=2.0.0,text/plain;version=0.0.4;q=0.5", .text),
      ("application/openmetrics-text;q=0.2, text/plain;q=0.5", .text),
      ("application/openmetrics-text;q=0", .text),
      ("application/openmetrics-text;q=nonsense", .text),
      ("Application/OpenMetrics-Text ; Q=0.9 , text/plain;q=0.5", .openMetrics),
      ("application/json", .text),
      (",,;;=,", .text),
    ])
  func clientGetsTheFormatThatItLikesBest(_ accept: String, _ format: ExpositionFormat) {
    #expect(ExpositionFormat(accept: accept) == format)
  }

  @Test func contentTypeNamesTheVersion() {
    #expect(ExpositionFormat.text.contentType == "text/plain; version=0.0.4; charset=utf-8")
    #expect(
      ExpositionFormat.openMetrics.contentType == "application/openmetrics-text; version=1.0.0; charset=utf-8")
  }
}
