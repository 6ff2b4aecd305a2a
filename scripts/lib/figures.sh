# shellcheck shell=bash
# The pipeline's figures, read from outside: /metrics, PostgreSQL, Redis, Kafka. Sourced by scripts/demo.

# Fetches a service's metrics into the folder; what a service that is away said last stays.
fetch_metrics() {
  local name
  for name in ingestor aggregator persister cacher; do
    if curl -sf -m 1 -o "$folder/$name.metrics.new" "http://127.0.0.1:${http_ports[$name]}/metrics"; then
      mv "$folder/$name.metrics.new" "$folder/$name.metrics"
    fi
  done
}

# The sum of a metric over those of its labels that match.
metric() { # service, name, [pattern]
  awk -v name="$2" -v pattern="${3:-}" '
    { split($1, parts, "{") }
    parts[1] == name && (pattern == "" || $1 ~ pattern) { sum += $2 }
    END { printf "%.0f\n", sum }
  ' "$folder/$1.metrics" 2>/dev/null || printf '0\n'
}

# A quantile of a histogram in milliseconds, straight within its bucket as Prometheus does it; - without observations.
quantile() { # service, name, q
  awk -v name="$2_bucket" -v q="$3" '
    { split($1, parts, "{") }
    parts[1] == name {
      match($1, /le="[^"]*"/)
      bounds[n] = substr($1, RSTART + 4, RLENGTH - 5)
      counts[n++] = $2
    }
    END {
      if (n == 0 || counts[n - 1] == 0) { print "-"; exit }
      rank = q * counts[n - 1]
      for (i = 0; i < n; i++) if (counts[i] >= rank) break
      if (bounds[i] == "+Inf") { printf ">%g\n", bounds[i - 1] * 1000; exit }
      low = i ? bounds[i - 1] : 0
      below = i ? counts[i - 1] : 0
      inside = counts[i] - below
      value = 1000 * (low + (bounds[i] - low) * (inside ? (rank - below) / inside : 1))
      printf (value < 100 ? "%.3g\n" : "%.0f\n"), value
    }
  ' "$folder/$1.metrics" 2>/dev/null || printf -- '-\n'
}

# How many records were ever written to a topic: the sum of its partitions' end offsets, as the broker says.
end_offsets() { # topic
  local topic=$topic_prefix$1 partition sum=0 offset
  for partition in $(kcat -b "$bootstrap" -L -t "$topic" 2>/dev/null | awk '$1 == "partition" { print $2 + 0 }'); do
    offset=$(kcat -b "$bootstrap" -Q -t "$topic:$partition:-1" 2>/dev/null | grep -oE '[0-9]+$' || echo 0)
    sum=$((sum + offset))
  done
  printf '%s\n' "$sum"
}

# How many records can be read from a topic.
count_records() { # topic
  kcat -b "$bootstrap" -C -t "$topic_prefix$1" -e -q -f '.' 2>/dev/null | wc -c
}

count_rows() {
  query "SELECT count(*) FROM $1"
}

# How many keys of a kind there are.
count_keys() {
  redis_command --scan --pattern "$key_prefix$1:*" | grep -c . || true
}

# 1234567 -> 1 234 567
grouped() {
  sed -E ':again; s/^([0-9]+)([0-9]{3})/\1 \2/; t again' <<<"$1"
}
