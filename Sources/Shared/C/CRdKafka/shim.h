#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>

/* Swift cannot call variadic functions, and building an array of rd_kafka_vu_t for each record costs more than the
 * record: so one typed function for the one call the producer makes. `schema` is the value of the header of that name,
 * or NULL; `headers` is owned by librdkafka once the call succeeds, or NULL. Not both: librdkafka refuses that.
 * Without `has_value` the record is a tombstone; with it, a value of no bytes needs an address all the same. */
static inline rd_kafka_resp_err_t tickline_produce(
    rd_kafka_t *client, rd_kafka_topic_t *topic, int32_t partition,
    const void *key, size_t key_count, int has_value, const void *value, size_t value_count,
    const char *schema, size_t schema_count, rd_kafka_headers_t *headers) {
    void *bytes = has_value ? (void *)(value ? value : "") : NULL;
    if (headers)
        return rd_kafka_producev(
            client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(key, key_count), RD_KAFKA_V_VALUE(bytes, value_count), RD_KAFKA_V_HEADERS(headers),
            RD_KAFKA_V_END);
    if (schema)
        return rd_kafka_producev(
            client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(key, key_count), RD_KAFKA_V_VALUE(bytes, value_count),
            RD_KAFKA_V_HEADER("schema", schema, schema_count), RD_KAFKA_V_END);
    return rd_kafka_producev(
        client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key, key_count), RD_KAFKA_V_VALUE(bytes, value_count), RD_KAFKA_V_END);
}

/* Asks the processor for bytes that are read soon, 512 at most; where they lie needn't be a valid address. */
static inline void tickline_prefetch(const void *address, size_t count) {
    for (size_t offset = 0; offset < count && offset < 512; offset += 64)
        __builtin_prefetch((const char *)address + offset);
}

/* The table of all properties, as text that the caller frees; librdkafka prints it only to a FILE. */
static inline char *tickline_properties(void) {
    char *text = NULL;
    size_t count = 0;
    FILE *stream = open_memstream(&text, &count);
    if (!stream)
        return NULL;
    rd_kafka_conf_properties_show(stream);
    fclose(stream);
    return text;
}
