#pragma once
#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one typed wrapper for each kind of
// argument. The caller pairs option and type as curl's manual says.

typedef size_t (*tickline_curl_write)(char *bytes, size_t size, size_t count, void *context);
typedef int (*tickline_curl_progress)(
    void *context, curl_off_t down_total, curl_off_t down_now, curl_off_t up_total, curl_off_t up_now);

static inline CURLcode tickline_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode tickline_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode tickline_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode tickline_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode tickline_curl_set_write(CURL *handle, CURLoption option, tickline_curl_write value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode tickline_curl_set_progress(CURL *handle, tickline_curl_progress value) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, value);
}

static inline CURLcode tickline_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

// Neither is prctl. A process that may not be dumped leaves no core, wherever the system's pattern sends it.
#include <sys/prctl.h>

static inline int tickline_forbid_core_dumps(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
