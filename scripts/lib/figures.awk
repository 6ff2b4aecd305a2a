# Reads the services' /metrics (files NAME.metrics) and prints the figures of the demo, "NAME VALUE" a line.

FNR == 1 { count = split(FILENAME, path, "/"); service = path[count]; sub(/\..*/, "", service) }
/^#/ { next }
{ name = $1; sub(/\{.*/, "", name); sub(/^tickline_/, "", name) }

name == "ingestor_ticks_acknowledged_total" { sum["produced"] += $2 }
name == "aggregator_windows_total" && /tumbling:1m/ && !/revised/ { sum["candles"] += $2 }
name == "aggregator_alerts_total" { sum["alerts"] += $2 }
name == "aggregator_ticks_total" && /outcome="(late|future)"/ { sum["late"] += $2 }
name ~ /_dead_letters_total$/ { sum["dead"] += $2 }
name ~ /_lag_records$/ { sum[service "_lag"] += $2 }
name == "cacher_writes_total" { sum["writes"] += $2 }
name == "cacher_tick_to_redis_seconds_bucket" {
  match($1, /le="[^"]*"/)
  bounds[buckets] = substr($1, RSTART + 4, RLENGTH - 5)
  below[buckets++] = $2
}

# A quantile in milliseconds, straight within its bucket as Prometheus does it; - without observations.
function quantile(q, rank, i, low, lower, inside, value) {
  if (buckets == 0 || below[buckets - 1] == 0) return "-"
  rank = q * below[buckets - 1]
  for (i = 0; i < buckets; i++) if (below[i] >= rank) break
  if (bounds[i] == "+Inf") return sprintf(">%g", bounds[i - 1] * 1000)
  low = i ? bounds[i - 1] : 0
  lower = i ? below[i - 1] : 0
  inside = below[i] - lower
  value = 1000 * (low + (bounds[i] - low) * (inside ? (rank - lower) / inside : 1))
  return sprintf(value < 100 ? "%.3g" : "%.0f", value)
}

END {
  count = split("produced candles alerts late dead aggregator_lag persister_lag cacher_lag writes", names, " ")
  for (i = 1; i <= count; i++) printf "%s %.0f\n", names[i], sum[names[i]]
  printf "p50 %s\np99 %s\n", quantile(0.5), quantile(0.99)
}
