extension CacheEncoder {
    /// An encoder as the settings want it.
    init(_ settings: CacherSettings) {
        self.init(
            keys: settings.keys,
            timeToLiveMilliseconds: settings.timeToLiveMilliseconds,
            keptAlerts: settings.keptAlerts,
            keptCandles: settings.keptCandles,
            streamLength: settings.streamLength
        )
    }
}
