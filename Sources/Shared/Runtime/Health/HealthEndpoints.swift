/// What the endpoints answer; plain functions of the readiness, the heartbeat and the metrics.
struct HealthEndpoints: Sendable {
    let service: String
    let readiness: Readiness
    let registry: PrometheusRegistry
    /// The age of the last heartbeat from which on the service counts as hanging.
    let heartbeatTimeout: Duration

    /// An answer, without HTTP.
    struct Answer: Sendable, Equatable {
        /// 200, or why not: 503, 404, 405.
        let status: Int
        let contentType: String
        let body: String

        /// Whether it says that all is well.
        var isOK: Bool { status == 200 }

        /// Plain text.
        static func text(_ status: Int, _ body: String) -> Answer {
            Answer(status: status, contentType: "text/plain; charset=utf-8", body: body)
        }
    }

    /// What a request is answered; to HEAD, which `wget --spider` sends, without the body.
    /// - Parameter target: the path and perhaps a query, as the request line has them.
    func answer(method: String, target: String) -> Answer {
        let path = target.prefix { $0 != "?" }
        let answers = ["/healthz": healthz, "/readyz": readyz, "/metrics": metrics]
        guard let answer = answers[String(path)] else {
            return .text(404, "no such page: there are /healthz, /readyz and /metrics\n")
        }
        guard method == "GET" || method == "HEAD" else {
            return .text(405, "only GET and HEAD\n")
        }
        return answer()
    }

    /// `/healthz`: whether the process is alive; when it fails, restarting it is right.
    func healthz() -> Answer {
        let age = readiness.heartbeat.age
        guard age < heartbeatTimeout else {
            let seconds = Int(age / .seconds(1))
            return .text(503, "hanging: the pipeline has not made a turn for \(seconds) s\n")
        }
        return .text(200, "ok\n")
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
        return Answer(status: isReady ? 200 : 503, contentType: "application/json", body: writer.text + "\n")
    }

    /// `/metrics`: the Prometheus text.
    func metrics() -> Answer {
        Answer(status: 200, contentType: PrometheusText.contentType, body: registry.render())
    }
}
