#include "CCurl.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "signals.h"

struct sink {
    uint8_t *next;
    size_t left;
    size_t bytes;
};

/* Less than what came ends the transfer: nobody is sent a part for the whole. */
static size_t keep(char *bytes, size_t size, size_t count, void *context) {
    struct sink *sink = context;
    size_t all = size * count;
    if (all > sink->left) return 0;
    memcpy(sink->next, bytes, all);
    sink->next += all;
    sink->left -= all;
    sink->bytes += all;
    return all;
}

int ccurl_fetch(
    const char *url,
    const char *ca_file,
    long timeout_ms,
    uint8_t *body,
    size_t body_bytes_max,
    size_t *body_bytes,
    long *response_code,
    char *error_text) {
    *body_bytes = 0;
    *response_code = 0;
    error_text[0] = '\0';
    CURL *curl = ccurl_initialise() == 0 ? curl_easy_init() : NULL;
    struct sink sink = {body, body_bytes_max, 0};
    CURLcode code = curl ? CURLE_OK : CURLE_FAILED_INIT;

    int was_pending;
    sigset_t before = ccurl_block_sigpipe(&was_pending);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_URL, url);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (code == CURLE_OK && ca_file) code = curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sink);
    if (code == CURLE_OK) code = curl_easy_perform(curl);
    if (curl) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, response_code);
    if (code != CURLE_OK && error_text[0] == '\0')
        snprintf(error_text, CCURL_ERROR_BYTES, "%s", curl_easy_strerror(code));
    /* The error buffer must outlive the handle. */
    if (curl) curl_easy_cleanup(curl);
    ccurl_restore_sigpipe(before, was_pending);
    *body_bytes = sink.bytes;
    return code;
}
