/// What the endpoints answer; plain functions of the readiness, the heartbeat and the metrics.
struct HealthEndpoints: Sendable {
    let service: String
    let readiness: Readiness
    let registry: PrometheusRegistry
    /// The age of the last heartbeat from which on the service counts as hanging.
    let heartbeatTimeout: Duration

    /// An answer, without HTTP.
    struct Answer: Sendable, Equatable {
        /// 200 or 503.
        let isOK: Bool
        let contentType: String
        let body: String
    }

    /// `/healthz`: whether the process is alive; when it fails, restarting it is right.
    func healthz() -> Answer {
        let age = readiness.heartbeat.age
        guard age < heartbeatTimeout else {
            let seconds = Int(age / .seconds(1))
            return text(false, "hanging: the pipeline has not made a turn for \(seconds) s\n")
        }
        return text(true, "ok\n")
    }

    /// `/readyz`: every condition; 503 if any fails.
    func readyz() -> Answer {
        let conditions = readiness.conditions
        let isReady = conditions.allSatisfy { $0.state == .ok }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("service")
        writer.string(service)
        writer.key("ready")
        writer.bool(isReady)
        writer.key("conditions")
        writer.beginObject()
        for (name, state) in conditions {
            writer.key(name)
            switch state {
            case .ok: writer.string("ok")
            case .failing(let reason): writer.string("failing: \(reason)")
            }
        }
        writer.endObject()
        writer.endObject()
        let text = writer.text + "\n"
        return Answer(isOK: isReady, contentType: "application/json", body: text)
    }

    /// `/metrics`: the Prometheus text.
    func metrics() -> Answer {
        Answer(isOK: true, contentType: PrometheusText.contentType, body: registry.render())
    }

    private func text(_ isOK: Bool, _ body: String) -> Answer {
        Answer(isOK: isOK, contentType: "text/plain; charset=utf-8", body: body)
    }
}
