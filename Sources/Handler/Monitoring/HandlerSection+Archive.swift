import Exposition

extension HandlerSection {
  /// Each from its beginning, so that the first is seen as a step.
  func writeArchive(to writer: inout ExpositionWriter) {
    let lags = picture.archiveLags
    let streams = Set(lags.keys).union(counts.archived.keys).sorted { $0.lexicographicallyPrecedes($1) }
    func name(_ stream: [UInt8]) -> (String, String) { ("stream", String(decoding: stream, as: UTF8.self)) }
    func write(_ family: MetricFamily, _ count: (ArchiveSums) -> Int) {
      writer.begin(family)
      for stream in streams { writer.sample(LabelSet(name(stream)), count(counts.archived[stream] ?? ArchiveSums())) }
    }
    write(HandlerFamilies.archivedRows) { $0.rows }
    writer.begin(HandlerFamilies.archiveBatches)
    for stream in streams {
      let sums = counts.archived[stream] ?? ArchiveSums()
      writer.sample(LabelSet(name(stream), ("result", "stored")), sums.batches)
      writer.sample(LabelSet(name(stream), ("result", "failed")), sums.failures)
    }
    write(HandlerFamilies.archiveRefused) { $0.refused }
    write(HandlerFamilies.archiveLost) { $0.lost }
    writer.begin(HandlerFamilies.archiveLag)
    for stream in streams { if let lag = lags[stream] { writer.sample(LabelSet(name(stream)), lag) } }
  }
}
